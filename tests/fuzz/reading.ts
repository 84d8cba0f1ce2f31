/** Bytes, lines and messages: every fast reader against a plain one. */

import { assert, assertEquals } from "@std/assert";
import { Connection } from "../../net/connection.ts";
import { Envelope, FIELDS } from "../../wire/envelope.ts";
import { JSONDecodeError, ValueError } from "../../errors.ts";
import { resolveLimits } from "../../limits.ts";
import { readLarge } from "../../wire/large_values.ts";
import { LongLine } from "../../wire/line.ts";
import { decodeMessage, encodeRequest, isObject, type Message } from "../../wire/message.ts";
import { KeyScanner, type RoutingKey } from "../../wire/key_scanner.ts";
import { parseTyped, typedText } from "../../manager/terminal.ts";
import fc from "../support/properties.ts";
import { lines, members, pieceSizes, recordedMessages, typed, written } from "./hostile_input.ts";
import { MemoryTransport } from "../support/memory_transport.ts";
import { piecesOf } from "../support/pieces.ts";
import { kindOf, readPlainly, splitPlainly, textOf } from "../support/plain_reading.ts";
import { type Target, target } from "./target.ts";

const MAX_DEPTH = 64;
const WORDS = ["Echo", "echo", "a[lab-pc:1]", "1"];
const ROUTING_KEYS: readonly RoutingKey[] = ["requester", "service", "uid", "attribute"];

const encoder = new TextEncoder();

/** The targets of reading. */
export function readingTargets(): Target[] {
  const line = lines(WORDS, recordedMessages());
  const anyMembers = members(WORDS);
  const stream = fc.array(
    fc.oneof(line, fc.constantFrom("\n", "\r\n", "\r", "").map((text) => encoder.encode(text))),
  ).map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));
  return [
    target(
      "a stream has the same lines wherever it is cut and whatever counts as long",
      300,
      [stream, pieceSizes, fc.integer({ min: 1, max: 300 })],
      expectLines,
    ),
    target("an envelope tells what JSON.parse tells", 1_500, [line], expectEnvelope),
    target(
      "the routing keys are skimmed as they were written, wherever they are cut",
      700,
      [anyMembers, pieceSizes],
      (members, sizes) => {
        const bytes = encoder.encode(written(members));
        if (readPlainly(bytes) === undefined) return;
        const expected: Record<string, string> = {};
        for (const [key, value] of members) {
          const name = JSON.parse(`"${key}"`);
          if (!(ROUTING_KEYS as string[]).includes(name) || !value.startsWith('"')) continue;
          if (encoder.encode(value).length <= 4_096) expected[name] = JSON.parse(value);
        }
        assertEquals(skimmed(bytes, sizes), expected);
      },
    ),
    target(
      "whatever is skimmed, the cuts make no difference",
      500,
      [line, pieceSizes],
      (line, sizes) => assertEquals(skimmed(line, sizes), skimmed(line, [line.length + 1])),
    ),
    target("a line is a message, or is refused by its name", 1_500, [line], expectMessage),
    target(
      "a large object is read as a small one is",
      200,
      [line, pieceSizes],
      expectSameWhenLarge,
    ),
    target(
      "what is typed is a request that can be sent, or is refused by its name",
      700,
      [fc.oneof(line, typed(WORDS).map((text) => encoder.encode(text)))],
      expectTyped,
    ),
  ];
}

async function expectLines(
  stream: Uint8Array,
  sizes: number[],
  longLine: number,
): Promise<void> {
  const connection = new Connection(
    new MemoryTransport(piecesOf(stream, sizes)),
    resolveLimits({ longLine }),
  );
  const found: Uint8Array[] = [];
  for await (const batch of connection) {
    for (const line of batch) {
      if (line instanceof LongLine) {
        const whole = await line.collect(Infinity);
        if (whole !== undefined) found.push(whole.slice());
      } else {
        assert(line.length <= longLine);
        found.push(line.slice());
      }
    }
  }
  assertEquals(found, splitPlainly(stream));
  assertEquals((await connection.ended).state, "left");
}

function expectEnvelope(line: Uint8Array): void {
  const envelope = new Envelope(MAX_DEPTH);
  const object = readPlainly(line, MAX_DEPTH);
  try {
    envelope.read(line);
  } catch (error) {
    assert(error instanceof JSONDecodeError, String(error));
    return assertEquals(object, undefined, String(error));
  }
  if (object === undefined) throw new Error("it took what is no object in JSON");
  for (const field of FIELDS) {
    assertEquals(envelope.kind(field), kindOf(object, field), field);
    assertEquals(envelope.text(field), textOf(object, field), field);
    const isTrue = Object.hasOwn(object, field) && object[field] === true;
    assertEquals(envelope.isTrue(field), isTrue, field);
  }
}

function skimmed(bytes: Uint8Array, sizes: readonly number[]): Record<string, string> {
  const scanner = new KeyScanner();
  for (const piece of piecesOf(bytes, sizes)) scanner.read(piece);
  return Object.fromEntries(
    ROUTING_KEYS.map((key) => [key, scanner.text(key)]).filter(([_, text]) => text !== undefined),
  );
}

function expectMessage(line: Uint8Array): void {
  // A device accepts a byte order mark.
  const object = readPlainly(startsWithMark(line) ? line.subarray(3) : line);
  let message: Message;
  try {
    message = decodeMessage(line);
  } catch (error) {
    if (error instanceof JSONDecodeError) return assertEquals(object, undefined, error.message);
    return assert(error instanceof ValueError && object !== undefined, String(error));
  }
  if (object === undefined) throw new Error("it took what is no object in JSON");
  const { error, attribute, args = [], kwargs = {}, result, service } = object;
  assertEquals(message.kind === "error", error === true);
  if (message.kind === "request") {
    assertEquals([message.attribute, message.args, message.kwargs], [attribute, args, kwargs]);
  } else if (message.kind === "reply") {
    assertEquals(message.result, result);
  } else if (message.kind === "notification") {
    const [args, kwargs] = result as unknown[];
    assertEquals([message.service, message.args, message.kwargs], [service, args, kwargs]);
    return assertEquals(object.uid, "notification");
  }
  assertEquals(message.uid, typeof object.uid === "string" ? object.uid : "");
}

/** Whether the first character is a byte order mark. */
function startsWithMark(line: Uint8Array): boolean {
  return line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf;
}

async function expectSameWhenLarge(line: Uint8Array, sizes: number[]): Promise<void> {
  if (line.at(-1) === 0x0d) return; // it would be part of the terminator
  const stream = Uint8Array.of(...line, 0x0a);
  const connection = new Connection(
    new MemoryTransport(piecesOf(stream, sizes)),
    resolveLimits({ longLine: 1 }),
  );
  for await (const [long] of connection) {
    if (!(long instanceof LongLine)) return; // no more than one byte
    const outcome = await readLarge(long, 1_000_000);
    const object = readPlainly(startsWithMark(line) ? line.subarray(3) : line);
    if (object !== undefined) return assertEquals(outcome, { state: "read", object });
    if (outcome.state !== "invalid") throw new Error("it took what is no object in JSON");
    return assert(outcome.error instanceof JSONDecodeError, String(outcome.error));
  }
}

function expectTyped(line: Uint8Array): void {
  const text = typedText(line);
  if (text === undefined) return;
  let request;
  try {
    request = parseTyped(text);
  } catch (error) {
    return assert(error instanceof JSONDecodeError, String(error));
  }
  const sent = readPlainly(encoder.encode(encodeRequest(request)))!;
  assertEquals(
    [sent.service, sent.attribute, sent.uid, Array.isArray(sent.args), isObject(sent.kwargs)],
    [request.service.toWellFormed(), request.attribute.toWellFormed(), "", true, true],
  );
}
