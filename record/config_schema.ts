/**
 * The configuration of a recorder as JSON Schema, with which editors complete and check it. `config.ts`
 * reads it; a test holds the two against each other.
 *
 * @module
 */

const DURATION = {
  type: "string",
  pattern: "^\\s*\\d+(\\.\\d+)?\\s*([mM]?[sS]|[mM][iI][nN]|[hH]|[dD])?\\s*$",
  examples: ["500ms", "10s", "5min", "2h", "90d"],
};

const SELECTION = {
  deadband: {
    type: "number",
    minimum: 0,
    description: "Record a number if it differs from the last recorded one by more than this.",
  },
  onChange: {
    type: "boolean",
    description: "Record a value if it differs from the last recorded one.",
  },
};

const RANGE = {
  type: "array",
  items: { type: ["number", "null"] },
  minItems: 2,
  maxItems: 2,
};

const LIMITS = {
  type: "object",
  description: "When the values are an alarm. What is left out is what the service says.",
  properties: {
    warning: { ...RANGE, description: "The lowest and the highest value without a warning." },
    alarm: { ...RANGE, description: "The lowest and the highest value without an alarm." },
    hysteresis: {
      type: "number",
      minimum: 0,
      description: "How far inside of a limit a value must be before the alarm ends.",
    },
    delay: { ...DURATION, description: "How long a value must be beyond a limit." },
    silence: {
      ...DURATION,
      description: "After so long without a reading the source has stopped.",
    },
  },
  additionalProperties: false,
};

const NAME = { type: "string", minLength: 1 };

/** The schema. */
export const CONFIG_SCHEMA = {
  $schema: "http://json-schema.org/draft-07/schema#", // the one that editors know
  title: "What is recorded",
  type: "object",
  properties: {
    $schema: true,
    to: {
      type: "string",
      minLength: 1,
      description:
        "The file, whose extension says its kind; - for the standard output. A relative " +
        "path is relative to the folder of this configuration.",
    },
    every: { ...DURATION, description: "The time from one reading to the next. Default: 1s." },
    ...SELECTION,
    arrays: { type: "boolean", description: "Whether arrays are recorded. Default: true." },
    keep: { ...DURATION, description: "Delete readings that are older." },
    sync: {
      enum: ["normal", "full"],
      description: '"full" survives a power cut. Default: "normal".',
    },
    serve: {
      anyOf: [{ type: "boolean" }, NAME],
      description: "Offer the history and the alarms as a Service. true: its name is Recorder.",
    },
    onAlarm: {
      type: "string",
      minLength: 1,
      description: "The program that is run for each alarm. A relative path is as that of to.",
    },
    sources: {
      type: "array",
      items: {
        anyOf: [
          { type: "string", description: "A source as on the command line: DMM.voltage@500ms" },
          {
            type: "object",
            description: "A method or property that is polled, or a stream.",
            properties: {
              service: { ...NAME, description: "The name of the service." },
              attribute: { ...NAME, description: "The name of the method or property." },
              args: { type: "array", description: "The arguments by position." },
              kwargs: { type: "object", description: "The arguments by name." },
              every: { ...DURATION, description: "The time from one reading to the next." },
              ...SELECTION,
              limits: LIMITS,
            },
            required: ["service", "attribute"],
            additionalProperties: false,
          },
          {
            type: "object",
            description: "The values in the notifications of a service.",
            properties: {
              service: { ...NAME, description: "The name of the service." },
              notifications: {
                anyOf: [
                  { const: true, description: "All of them." },
                  { type: "array", items: NAME, minItems: 1, uniqueItems: true },
                ],
              },
              ...SELECTION,
              limits: LIMITS,
            },
            required: ["service", "notifications"],
            additionalProperties: false,
          },
        ],
      },
    },
  },
  additionalProperties: false,
};
