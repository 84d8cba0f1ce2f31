import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  decodeBeat,
  decodeChange,
  decodeIncarnation,
  decodeSnapshotPart,
  decodeTaken,
  encodeBeat,
  encodeChange,
  encodeIncarnation,
  encodeSnapshotPart,
  encodeTaken,
  inMessages,
  PROTOCOL,
} from "../../cluster/announcement.ts";
import { NetworkError } from "../../errors.ts";
import { CLUSTER_LIMITS } from "../../limits.ts";
import fc from "../support/properties.ts";
import { announcedService } from "../support/simulated_nodes.ts";

const incarnation = "Abcdefgh1234";
const BEAT = {
  incarnation,
  uptime: 5,
  beat: 1_000,
  version: 3,
  address: "lab-pc:1875",
  software: "1.2.3",
  protocol: PROTOCOL,
  isNew: true,
};
const CHANGE = { incarnation, from: 2, version: 3, set: [announcedService("DMM")], removed: ["X"] };
const PART = { incarnation, version: 3, part: 1, parts: 2, set: [announcedService("DMM")] };

const DECODERS = [decodeBeat, decodeChange, decodeSnapshotPart, decodeIncarnation, decodeTaken];

function bytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

Deno.test("what is encoded is decoded to the same", () => {
  assertEquals(decodeBeat(encodeBeat(BEAT)), BEAT);
  assertEquals(decodeBeat(encodeBeat({ ...BEAT, isNew: false })), { ...BEAT, isNew: false });
  assertEquals(decodeChange(encodeChange(CHANGE)), CHANGE);
  assertEquals(decodeSnapshotPart(encodeSnapshotPart(PART)), PART);
  assertEquals(decodeIncarnation(encodeIncarnation(incarnation)), incarnation);
  assertEquals(decodeTaken(encodeTaken("lab-pc:1875")), "lab-pc:1875");
});

Deno.test("keys that a later version adds are ignored", () => {
  assertEquals(decodeBeat(bytes({ ...BEAT, new: true, further: [1] })), BEAT);
});

Deno.test("of a beat of another protocol only that and the software are read", () => {
  const beat = decodeBeat(bytes({ incarnation, protocol: 2, software: "9", beat: "often" }));
  assertEquals([beat.protocol, beat.software, beat.version], [2, "9", 0]);
});

Deno.test("a value of a wrong type, or out of its range, rejects the message", () => {
  const service = { ...announcedService("DMM"), max_clients: 1 };
  const wrong: [(bytes: Uint8Array) => unknown, unknown][] = [
    [decodeBeat, { ...BEAT, incarnation: "short" }],
    [decodeBeat, { ...BEAT, incarnation: "a.b.c.d.e.f" }],
    [decodeBeat, { ...BEAT, uptime: -1 }],
    [decodeBeat, { ...BEAT, version: 1.5 }],
    [decodeBeat, { ...BEAT, beat: 1 }],
    [decodeBeat, { ...BEAT, beat: 1e9 }],
    [decodeBeat, { ...BEAT, address: "x".repeat(1_000) }],
    [decodeBeat, [BEAT]],
    [decodeChange, { ...CHANGE, set: [], version: 2 }],
    [decodeChange, { ...CHANGE, set: [service, 7] }],
    [decodeChange, { ...CHANGE, set: [{ ...service, attributes: "[]" }] }],
    [decodeChange, { ...CHANGE, set: [{ ...service, attributes: '{"a":1}}' }] }],
    [decodeChange, { ...CHANGE, set: [{ ...service, about: 7 }] }],
    [decodeChange, { ...CHANGE, set: [{ ...service, max_clients: "1" }] }],
    [decodeChange, { ...CHANGE, set: [{ ...service, streams: [1] }] }],
    [decodeChange, { ...CHANGE, set: [{ ...service, name: "x".repeat(1_000) }] }],
    [decodeChange, { ...CHANGE, set: [], removed: "all" }],
    [decodeSnapshotPart, { ...PART, set: [], part: 2 }],
    [decodeSnapshotPart, { ...PART, set: [], parts: CLUSTER_LIMITS.snapshotParts + 1 }],
    [decodeIncarnation, {}],
    [decodeTaken, { address: null }],
  ];
  for (const [decode, value] of wrong) {
    assertThrows(() => decode(bytes(value)), NetworkError, undefined, JSON.stringify(value));
  }
});

Deno.test("whatever comes is decoded or rejected, and nothing else is thrown", () => {
  const broken = fc.oneof(
    fc.uint8Array(),
    fc.json().map((text) => new TextEncoder().encode(text)),
    fc.dictionary(fc.constantFrom(...Object.keys({ ...BEAT, ...CHANGE, ...PART })), fc.jsonValue())
      .map((value) => bytes({ ...BEAT, ...CHANGE, ...PART, ...value })),
  );
  fc.assert(fc.property(broken, (message) => {
    for (const decode of DECODERS) {
      try {
        decode(message);
      } catch (error) {
        assert(error instanceof NetworkError, String(error));
      }
    }
  }));
});

Deno.test("a message that is too long is not even read", () => {
  const long = new Uint8Array(CLUSTER_LIMITS.messageSize + 1);
  for (const decode of DECODERS) assertThrows(() => decode(long), NetworkError, "too long");
});

Deno.test("the attributes of a service, which become a part of lines, have no line feed", () => {
  const service = { ...announcedService("DMM"), max_clients: 1, attributes: '{"a":\n"\\n"}\r\n' };
  const { set } = decodeChange(bytes({ ...CHANGE, set: [service] }));
  assertEquals(set[0].attributes, '{"a": "\\n"}  ');
});

Deno.test("services are in as few messages as they fit into, and each in one", () => {
  const services = Array.from({ length: 10 }, (_, index) => announcedService(`S${index}`, 800));
  const lists = inMessages(services, 4_000);
  assertEquals(lists.flat(), services);
  assertEquals(lists.map((list) => list.length), [4, 4, 2]);
  assertEquals(inMessages([], 10), [[]]);
  assertEquals(inMessages(services.slice(0, 2), 10).length, 2);
});
