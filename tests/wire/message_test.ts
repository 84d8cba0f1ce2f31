import { assert, assertEquals, assertThrows } from "@std/assert";
import { FIELDS } from "../../wire/envelope.ts";
import { JSONDecodeError, KeyError, ValueError, wireMessage } from "../../errors.ts";
import {
  beginValue,
  decodeMessage,
  decodeObject,
  encodeDisconnect,
  encodeError,
  encodeFailure,
  encodeManagerRequest,
  encodeNotification,
  encodeReply,
  encodeRequest,
  encodeSized,
  isObject,
  type JsonObject,
  type Message,
} from "../../wire/message.ts";
import fc from "../support/properties.ts";

const encoder = new TextEncoder();

function decode(line: string): Message {
  return decodeMessage(encoder.encode(line));
}

/** The keys of a message in the order in which they are written. */
function keysOf(line: string): string[] {
  return Object.keys(JSON.parse(line));
}

const text = fc.string({
  unit: fc.oneof(
    fc.string({ minLength: 1, maxLength: 1, unit: "binary" }),
    fc.constantFrom('"', "\\", "\n", "\r", "\ud800", "\u2028"),
  ),
});
/** Without `-0`, which JSON writes as `0`. */
const value = fc.jsonValue({ stringUnit: "binary" }).map((value) =>
  JSON.parse(JSON.stringify(value)) as unknown
);
const object = fc.dictionary(text, value).map((object) =>
  JSON.parse(JSON.stringify(object)) as JsonObject
);
const requesterOrNull = fc.option(text);
/** The time of a reading, if it is said. */
const timeIfAny = fc.option(fc.integer({ min: -1, max: 8.64e15 }), { nil: undefined });

Deno.test("a request that is written is read as the same request", () => {
  fc.assert(
    fc.property(
      fc.record({
        service: text,
        attribute: text,
        args: fc.array(value),
        kwargs: object,
        uid: text,
      }),
      (request) => {
        const line = encodeRequest(request);
        assertEquals(/[\r\n]/.test(line), false);
        assertEquals(decode(line), {
          kind: "request",
          ...request,
          requester: null,
          stream: undefined,
          parts: undefined,
          size: undefined,
          takesWhole: false,
          wantsTime: false,
          knowsArrays: false,
        });
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("a reply that is written is read as the same reply", () => {
  fc.assert(
    fc.property(requesterOrNull, text, value, timeIfAny, (requester, uid, result, time) => {
      const line = encodeReply(requester, uid, result, time);
      assertEquals(/[\r\n]/.test(line), false);
      assertEquals(decode(line), { kind: "reply", result, requester, uid, size: undefined, time });
    }),
    { numRuns: 200 },
  );
});

Deno.test("an error reply that is written is read as the same error reply", () => {
  fc.assert(
    fc.property(
      requesterOrNull,
      text,
      text,
      fc.array(text),
      (requester, uid, message, traceback) => {
        const line = encodeFailure(requester, uid, { message, traceback });
        assertEquals(/[\r\n]/.test(line), false);
        assertEquals(decode(line), { kind: "error", message, traceback, requester, uid });
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("a notification that is written is read as the same notification", () => {
  fc.assert(
    fc.property(text, fc.array(value), object, timeIfAny, (service, args, kwargs, time) => {
      const line = encodeNotification(service, args, kwargs, time);
      assertEquals(/[\r\n]/.test(line), false);
      assertEquals(decode(line), { kind: "notification", service, args, kwargs, time });
    }),
    { numRuns: 200 },
  );
});

Deno.test("each kind of message has the keys of the wire, every routing key before the payload", () => {
  const request = { service: "Lab", attribute: "add", args: [1], kwargs: {}, uid: "1" };
  assertEquals(
    keysOf(encodeRequest(request)),
    ["error", "service", "uid", "attribute", "args", "kwargs"],
  );
  assertEquals(
    keysOf(encodeManagerRequest("Manager[a:1]", "password", ["Manager[a:1]"])),
    ["error", "requester", "uid", "attribute", "args", "kwargs"],
  );
  assertEquals(keysOf(encodeReply("a", "1", 3)), ["error", "requester", "uid", "result"]);
  assertEquals(
    keysOf(encodeError("a", "1", new Error("x"))),
    ["error", "requester", "uid", "message", "traceback", "result"],
  );
  assertEquals(keysOf(encodeReply("a", "1", 3, 5)), [
    "error",
    "requester",
    "uid",
    "time",
    "result",
  ]);
  assertEquals(keysOf(encodeNotification("Lab", [], {})), ["error", "service", "uid", "result"]);
  assertEquals(
    keysOf(encodeNotification("Lab", [], {}, 5)),
    ["error", "service", "uid", "time", "result"],
  );
  assertEquals(
    keysOf(`${beginValue("a", "1", 5)}3}`),
    ["error", "requester", "uid", "attribute", "time", "result"],
  );
  assertEquals(
    keysOf(encodeSized("a", "1", 300_000, undefined, 5)),
    ["error", "requester", "uid", "size", "time", "result"],
  );
  assertEquals(
    keysOf(encodeDisconnect("a")),
    ["error", "service", "uid", "attribute", "args", "kwargs"],
  );
});

Deno.test("each kind of message has the fixed values of the wire", () => {
  assertEquals(JSON.parse(encodeManagerRequest("Manager[a:1]", "password", ["Manager[a:1]"])), {
    error: false,
    requester: "Manager[a:1]",
    uid: "",
    attribute: "password",
    args: ["Manager[a:1]"],
    kwargs: {},
  });
  assertEquals(
    JSON.parse(
      encodeFailure("a[b:1]", "7", {
        message: wireMessage(new KeyError("it's gone")),
        traceback: ["at x"],
      }),
    ),
    {
      error: true,
      requester: "a[b:1]",
      uid: "7",
      message: `KeyError: "it's gone"`,
      traceback: ["at x"],
      result: null,
    },
  );
  assertEquals(JSON.parse(encodeNotification("Lab", [1], { n: 2 })), {
    error: false,
    service: "Lab",
    uid: "notification",
    result: [[1], { n: 2 }],
  });
  assertEquals(JSON.parse(encodeDisconnect("a[b:1]")), {
    error: false,
    service: "a[b:1]",
    uid: "",
    attribute: "__disconnect__",
    args: [],
    kwargs: {},
  });
});

for (
  const line of ["", "link Echo", "null", "[]", '"text"', "1", "{", '{"a":1} x', '{"uid":"\n"}']
) {
  Deno.test(`${JSON.stringify(line)} is rejected as not being an object`, () => {
    assertThrows(() => decodeObject(encoder.encode(line)), JSONDecodeError, "Cannot read the line");
    assertThrows(() => decode(line), JSONDecodeError, "Cannot read the line");
  });
}

Deno.test("a line that is not UTF-8 is rejected", () => {
  const line = Uint8Array.of(...encoder.encode('{"uid":"'), 0xff, ...encoder.encode('"}'));
  assertThrows(() => decodeObject(line), JSONDecodeError, "Cannot read the line");
});

Deno.test("the messages that Python writes are read", () => {
  const request =
    '{"args": [1, 2], "attribute": "add", "error": false, "kwargs": {"n": 3}, "requester": ' +
    '"Client[lab-pc:1]", "service": "Lab", "uid": "u"}';
  assertEquals(decode(request), {
    kind: "request",
    service: "Lab",
    attribute: "add",
    args: [1, 2],
    kwargs: { n: 3 },
    requester: "Client[lab-pc:1]",
    uid: "u",
    stream: undefined,
    parts: undefined,
    size: undefined,
    takesWhole: false,
    wantsTime: false,
    knowsArrays: false,
  });
  const question = '{"args": [], "attribute": "identity", "error": false, "kwargs": {}, ' +
    '"requester": "Manager[lab-pc:1]", "uid": ""}';
  assertEquals(decode(question), {
    kind: "request",
    service: undefined,
    attribute: "identity",
    args: [],
    kwargs: {},
    requester: "Manager[lab-pc:1]",
    uid: "",
    stream: undefined,
    parts: undefined,
    size: undefined,
    takesWhole: false,
    wantsTime: false,
    knowsArrays: false,
  });
  assertEquals(decode('{"error": false, "requester": "a", "result": [1], "uid": "u"}'), {
    kind: "reply",
    result: [1],
    requester: "a",
    uid: "u",
    size: undefined,
    time: undefined,
  });
  const error = '{"error": true, "message": "ValueError: x", "requester": "a", "result": null, ' +
    '"traceback": ["T"], "uid": "u"}';
  assertEquals(decode(error), {
    kind: "error",
    message: "ValueError: x",
    traceback: ["T"],
    requester: "a",
    uid: "u",
  });
  const notification = '{"error": false, "result": [[1], {"n": 2}], "service": "Lab", ' +
    '"uid": "notification"}';
  assertEquals(decode(notification), {
    kind: "notification",
    service: "Lab",
    args: [1],
    kwargs: { n: 2 },
    time: undefined,
  });
});

Deno.test("a reply may have any result, null included, and no requester or uid", () => {
  assertEquals(decode('{"result": null, "requester": null, "uid": "", "error": false}'), {
    kind: "reply",
    result: null,
    requester: null,
    uid: "",
    size: undefined,
    time: undefined,
  });
  assertEquals(decode('{"result": 1}'), {
    kind: "reply",
    result: 1,
    requester: null,
    uid: "",
    size: undefined,
    time: undefined,
  });
});

Deno.test("a reply whose uid is that of notifications is still a reply", () => {
  const line = '{"error": false, "requester": "a", "result": 5, "uid": "notification"}';
  assertEquals(decode(line).kind, "reply");
});

Deno.test("a request without args or kwargs has none", () => {
  const message = decode('{"attribute": "identity", "uid": "1"}');
  assert(message.kind === "request");
  assertEquals(message, {
    kind: "request",
    service: undefined,
    attribute: "identity",
    args: [],
    kwargs: {},
    requester: null,
    uid: "1",
    stream: undefined,
    parts: undefined,
    size: undefined,
    takesWhole: false,
    wantsTime: false,
    knowsArrays: false,
  });
});

Deno.test("a request has the number of values of a stream that may be sent, if it is an integer above zero", () => {
  const window = (stream: unknown) => {
    const message = decode(JSON.stringify({ attribute: "readings", uid: "1", stream }));
    return message.kind === "request" ? message.stream : "no request";
  };
  assertEquals([32, 1].map(window), [32, 1]);
  assertEquals([0, -1, 1.5, "32", true, null, [32]].map(window), Array(7).fill(undefined));
});

Deno.test("the time of a reading is an integer that a Date can have, and anything else is none", () => {
  const timeOf = (time: string) => {
    const message = decode(`{"uid": "1", "result": 1, "time": ${time}}`);
    return message.kind === "reply" ? message.time : "no reply";
  };
  assertEquals(["0", "-5", "1.0", "8640000000000000"].map(timeOf), [0, -5, 1, 8.64e15]);
  const others = [
    '"5"',
    "1.5",
    "NaN",
    "Infinity",
    "1e400",
    "8640000000000001",
    "true",
    "null",
    "{}",
  ];
  assertEquals(others.map(timeOf), others.map(() => undefined));
  const asked = (time: string) => {
    const message = decode(`{"attribute": "read", "uid": "1", "time": ${time}}`);
    return message.kind === "request" && message.wantsTime;
  };
  assertEquals(["true", "1", '"true"', "false", "null"].map(asked), [
    true,
    false,
    false,
    false,
    false,
  ]);
});

Deno.test("a value of a stream is neither a reply nor a request", () => {
  for (const isWhole of [false, true]) {
    const begin = beginValue("a[h:1]", "7", 5, isWhole);
    assertEquals(decode(`${begin}null}`), {
      kind: "value",
      value: null,
      size: undefined,
      isWhole,
      time: 5,
      uid: "7",
    });
  }
  assertEquals(decode('{"attribute": "__next__", "uid": "7"}').kind, "request");
});

Deno.test("an error reply may have no message and no traceback", () => {
  const message = decode('{"error": true, "uid": "1"}');
  if (message.kind !== "error") throw new Error("it is not an error");
  assertEquals(message.traceback, []);
  assert(message.message.length > 0, "it says nothing");
});

for (
  const line of [
    "{}",
    '{"uid": "1"}',
    '{"attribute": 1, "args": [], "kwargs": {}}',
    '{"attribute": "add", "args": {}, "kwargs": {}}',
    '{"attribute": "add", "args": [], "kwargs": []}',
    '{"attribute": "add", "args": [], "kwargs": null}',
    '{"attribute": "add", "args": null}',
    '{"error": 1}',
    '{"error": "true"}',
  ]
) {
  Deno.test(`${line} is an object but not a message`, () => {
    assertThrows(() => decode(line), ValueError);
  });
}

Deno.test("any object is a message or rejected with an error of ours", () => {
  const key = fc.constantFrom<string>(
    ...FIELDS,
    "message",
    "traceback",
    "__proto__",
  );
  const words = [true, false, null, "", "notification", "__next__", [], {}];
  const likely = fc.oneof(value, fc.constantFrom(...words));
  fc.assert(
    fc.property(fc.dictionary(key, likely, { noNullPrototype: true }), (object) => {
      let message: Message;
      try {
        message = decode(JSON.stringify(object));
      } catch (error) {
        assert(error instanceof ValueError, String(error));
        return;
      }
      const kinds = ["request", "reply", "error", "notification", "value", "part", "room"];
      assert(kinds.includes(message.kind), message.kind);
    }),
    { numRuns: 500 },
  );
});

Deno.test("the lines of a traceback are texts, whatever was sent", () => {
  const line = '{"error": true, "message": "m", "traceback": ["a", 1, null, {"toString": 1}]}';
  const message = decode(line);
  if (message.kind !== "error") throw new Error("it is not an error");
  assertEquals(message.traceback[0], "a");
  assertEquals(message.traceback.map((line) => typeof line), Array(4).fill("string"));
});

Deno.test("arguments may have any names", () => {
  const message = decode('{"attribute": "f", "kwargs": {"__proto__": 1, "constructor": 2}}');
  if (message.kind !== "request") throw new Error("it is not a request");
  assertEquals(Object.entries(message.kwargs), [["__proto__", 1], ["constructor", 2]]);
});

Deno.test("an object is neither null nor an array nor a function", () => {
  for (const value of [null, undefined, [], 1, "x", true, () => 1]) {
    assertEquals(isObject(value), false);
  }
  assertEquals(isObject({}), true);
});
