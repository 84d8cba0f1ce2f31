/** The handshake with any replies, for each authentication method, against a short model of its rules. */

import { Holder } from "../../base/budget.ts";
import { HeldMemory } from "../../wire/held_line.ts";
import { assertEquals } from "@std/assert";
import type { Authentication } from "../../manager/authentication.ts";
import { Connection } from "../../net/connection.ts";
import { Database } from "../../manager/database/database.ts";
import { handshake } from "../../manager/handshake.ts";
import { LIMITS } from "../../limits.ts";
import { isObject, type JsonObject } from "../../wire/message.ts";
import { Yielder } from "../../base/pause.ts";
import { withoutQuotes } from "../../manager/terminal.ts";
import fc from "../support/properties.ts";
import { damaged, lines, LOADED_NAMES, membersOf, pieceSizes, values } from "./hostile_input.ts";
import { MANAGER_NAME as MANAGER } from "../support/devices.ts";
import { MemoryTransport } from "../support/memory_transport.ts";
import { piecesOf } from "../support/pieces.ts";
import { readPlainly, splitPlainly } from "../support/plain_reading.ts";
import { type Target, tryAll } from "./target.ts";

const PASSWORD = "a good password";
const USER = "j.doe";
const HOST = {
  name: "scope",
  domain: "scope.lab.org",
  address: "10.0.0.5",
  trustedNames: ["scope", "10.0.0.5"],
};
const limits = { ...LIMITS, handshakeSize: 4_000, maxIdentity: 4_000 };

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** An authentication method, and the replies that it accepts. */
interface Method {
  name: string;
  numRuns: number;
  open(database: Database): Authentication | Promise<Authentication>;
  /** The prompts before the request for the identity, and the right replies. */
  prompts: [question: string, right: string][];
  /** Whether the computer is trusted. */
  isTrusted: boolean;
}

const METHODS: Method[] = [
  {
    name: "without authentication",
    numRuns: 300,
    open: () => ({ method: "none" }),
    prompts: [],
    isTrusted: true,
  },
  {
    name: "by the Manager's password",
    numRuns: 300,
    open: () => ({ method: "password", password: PASSWORD }),
    prompts: [["password", PASSWORD]],
    isTrusted: true,
  },
  ...[true, false].map((isTrusted): Method => ({
    name: isTrusted ? "by a host name" : "by a host name that leads elsewhere",
    numRuns: 100,
    open: ({ hostnames }) => {
      hostnames.insert(HOST.name);
      const hosts = { resolvesTo: () => Promise.resolve(isTrusted) };
      return { method: "hostname", hostnames, hosts };
    },
    prompts: [],
    isTrusted,
  })),
  {
    name: "by a login",
    numRuns: 60, // checking a password is slow
    open: async ({ users }) => {
      await users.insert(USER, PASSWORD, false);
      return { method: "login", users };
    },
    prompts: [["username", USER], ["password", PASSWORD]],
    isTrusted: true,
  },
];

/** The targets of the handshake. */
export function handshakeTargets(): Target[] {
  return METHODS.map((method) => ({
    name: `${method.name}, a peer is identified only if every reply is right`,
    numRuns: method.numRuns,
    check: async (trial) => {
      using database = new Database(":memory:", []);
      const authentication = await method.open(database);
      await tryAll<[Uint8Array, number[]]>(
        trial,
        [answers(), pieceSizes],
        (answers, sizes) => expectRules(method, authentication, answers, sizes),
      );
    },
  }));
}

/** A few replies, of which many are right. */
function answers(): fc.Arbitrary<Uint8Array> {
  const identities: JsonObject[] = [
    { type: "client", name: "a" },
    { type: "SERVICE", name: "S", attributes: { x: "()" }, max_clients: 3 },
    { type: "service", name: "S", attributes: {}, extensions: ["ready", 7] },
    { type: "robot", name: "R" },
  ];
  const known = fc.constantFrom(...identities);
  const identity = fc.oneof(
    known,
    fc.tuple(known, fc.constantFrom(...LOADED_NAMES), fc.jsonValue())
      .map(([identity, name, value]) => ({ ...identity, name, max_clients: value })),
    fc.tuple(known, fc.constantFrom("type", "name", "attributes")).map(([identity, missing]) =>
      Object.fromEntries(Object.entries(identity).filter(([key]) => key !== missing))
    ),
  ).map((identity) => JSON.stringify(identity));
  const result = fc.oneof(
    { weight: 5, arbitrary: identity },
    { weight: 2, arbitrary: fc.constantFrom(PASSWORD, USER).map((text) => JSON.stringify(text)) },
    { weight: 1, arbitrary: values([PASSWORD, USER]) },
  );
  const text = fc.oneof(
    fc.constantFrom(
      PASSWORD,
      USER,
      "client",
      "CLIENT  'My Name' ",
      "client a\rb",
      "service S",
      "7",
    ),
    fc.string({ unit: "binary" }),
    fc.integer({ min: 3_000, max: 5_000 }).map((size) => `client${" ".repeat(size)}x`),
  );
  const sound = fc.oneof(
    { weight: 3, arbitrary: result.map((result) => `{"error":false,"uid":"","result":${result}}`) },
    { weight: 1, arbitrary: text },
  ).map((text) => encoder.encode(text));
  const line = fc.oneof(
    { weight: 8, arbitrary: sound },
    { weight: 1, arbitrary: damaged(sound) },
    { weight: 1, arbitrary: lines([USER], [membersOf({ result: PASSWORD, uid: "" })]) },
  );
  // Random replies to two prompts are rarely right.
  const right = fc.constantFrom([], [PASSWORD], [USER, PASSWORD]).map((texts) =>
    texts.map((text) => encoder.encode(text))
  );
  return fc.tuple(right, fc.array(line, { maxLength: 3 })).map(([right, lines]) =>
    Uint8Array.from([...right, ...lines].flatMap((line) => [...line, 0x0a]))
  );
}

/** The expected end of a handshake, and the prompts before it. */
interface Ending {
  state: "identified" | "rejected" | "left";
  questions: string[];
  name?: string;
}

/** The expected end by the rules of the handshake. */
function expectedEnding({ prompts, isTrusted }: Method, stream: Uint8Array): Ending {
  const answers = splitPlainly(stream);
  const questions: string[] = [];
  const end = (state: Ending["state"], name?: string) => ({ state, questions, name });
  if (!isTrusted) return end("rejected");
  for (const [question, right] of prompts) {
    questions.push(question);
    const answer = read(answers.shift());
    if (typeof answer === "string") return end(answer);
    if (answer.result !== right) return end("rejected");
  }
  questions.push("identity");
  const answer = read(answers.shift());
  if (typeof answer === "string") return end(answer);
  const name = answer.isTyped ? typedName(answer.result) : nameOf(answer.result);
  if (name === undefined || name.length > LIMITS.maxNameLength) return end("rejected");
  return end("identified", name);
}

/** The reply in a line, or the end of the handshake if the line is no reply. */
function read(
  line: Uint8Array | undefined,
): { isTyped: true; result: string } | { isTyped: false; result: unknown } | "left" | "rejected" {
  if (line === undefined) return "left";
  if (line.length > limits.handshakeSize) return "rejected";
  let text: string;
  try {
    text = decoder.decode(line);
  } catch {
    return "left"; // not UTF-8: such a peer is treated as disconnected
  }
  const object = readPlainly(encoder.encode(text));
  if (object === undefined) return { isTyped: true, result: text };
  return Object.hasOwn(object, "result") ? { isTyped: false, result: object.result } : "rejected";
}

/** The name of an identity, if it is one. */
function nameOf(identity: unknown): string | undefined {
  if (!isObject(identity)) return undefined;
  const { type, name, attributes, max_clients } = identity;
  if (typeof type !== "string" || typeof name !== "string" || !Object.hasOwn(identity, "name")) {
    return undefined;
  }
  const { language = "", os = "", extensions = [], streams = [] } = identity;
  const names = [name, language, os, extensions, streams].flat()
    .concat(isObject(attributes) ? Object.keys(attributes) : []);
  if (names.some((text) => typeof text === "string" && text.length > LIMITS.maxNameLength)) {
    return undefined;
  }
  if (type.toLowerCase() === "client") return name;
  const isService = type.toLowerCase() === "service" && isObject(attributes) &&
    Object.hasOwn(identity, "attributes") && Number.isInteger(max_clients ?? -1);
  return isService ? name : undefined;
}

/** The name in `client [name]`. */
function typedName(text: string): string | undefined {
  const typed = text.trim();
  const [command, name] = [typed.slice(0, 6), typed.slice(6)];
  if (command.toLowerCase() !== "client") return undefined;
  if (name === "") return "Client";
  return /^\s/.test(name) && !/[\r\u2028\u2029]/.test(name.trim())
    ? withoutQuotes(name.trim())
    : undefined;
}

async function expectRules(
  method: Method,
  authentication: Authentication,
  stream: Uint8Array,
  sizes: number[],
): Promise<void> {
  const transport = new MemoryTransport(piecesOf(stream, sizes));
  const connection = new Connection(transport, limits);
  const outcome = await handshake(connection, {
    yielder: new Yielder(2),
    manager: MANAGER,
    host: HOST,
    address: "scope:1",
    authentication,
    attemptLogin: async (check) => await check(),
    limits,
    memory: new HeldMemory(1_000_000),
    holderOf: () => Holder.one(),
  });
  await connection.close();
  const { state, questions, name } = expectedEnding(method, stream);
  assertEquals(outcome.state, state);
  if (outcome.state === "identified") assertEquals(outcome.identity.name, name);
  const sent = splitPlainly(Uint8Array.from(transport.written.flatMap((bytes) => [...bytes])))
    .map((line) => readPlainly(line)!);
  const refusals = sent.filter(({ error }) => error === true);
  assertEquals(refusals.length, state === "rejected" ? 1 : 0);
  assertEquals(sent.map(({ attribute }) => attribute), [
    ...questions,
    ...refusals.map(() => undefined),
  ]);
}
