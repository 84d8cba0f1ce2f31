import { assert, assertEquals, assertThrows } from "@std/assert";
import { Credit } from "../../base/credit.ts";
import { Arrival, ArrivalBudget } from "../../device/arrival.ts";
import { sendParts } from "../../device/part_sender.ts";
import { ValueError } from "../../errors.ts";
import { ArgumentsArrival, ArgumentsBudget } from "../../service/arguments_arrival.ts";
import { toPiece } from "../../wire/message.ts";
import { measure, PIECE_SIZE } from "../../wire/parts.ts";
import fc from "../support/properties.ts";
import { until } from "../support/until.ts";

/** An arrival, and the room that it has given. */
function arrivalOf(
  budget = new ArrivalBudget(),
  limit = Infinity,
  isStream = false,
  now = () => 0,
) {
  const given: number[] = [];
  const giveRoom = (count: number) => void given.push(count);
  const arrival = new Arrival({ budget, limit, isStream, giveRoom, now });
  return { arrival, given };
}

/** The pieces that room can be given for. */
function roomOf(budget: ArrivalBudget): number {
  const room = budget.take(Infinity);
  budget.giveBack(room);
  return room;
}

/** Arguments of a size that have begun to arrive, and the room that they have given. */
function argumentsOf(size: number, budget = new ArgumentsBudget()) {
  const given: number[] = [];
  const giveRoom = (count: number) => void given.push(count);
  const arrival = new ArgumentsArrival(size, { budget, limit: Infinity, giveRoom });
  arrival.begin();
  return { arrival, given };
}

const PIECE = " ".repeat(PIECE_SIZE);

Deno.test("a value of one piece gets no room: the first piece is free", () => {
  const { arrival, given } = argumentsOf(3);
  arrival.add("[1]");
  assertEquals([arrival.end(3), given], [[1], []]);
});

Deno.test("room is given for 8 pieces, when half of it is used, and for no more than the value has", () => {
  const { arrival, given } = argumentsOf(20 * PIECE_SIZE);
  assertEquals(given, [7]);
  for (let i = 0; i < 4; i++) arrival.add(PIECE);
  assertEquals(given, [7, 4]);
  for (let i = 0; i < 14; i++) arrival.add(PIECE);
  assertEquals(given.reduce((sum, count) => sum + count, 1), 20);
});

Deno.test("a piece without room is a ValueError", () => {
  const { arrival } = arrivalOf();
  arrival.add(PIECE, PIECE_SIZE);
  assertThrows(() => arrival.add(PIECE), ValueError, "There was no room for another piece");
});

Deno.test("the values of one connection share 16 pieces, and one piece of each is free", () => {
  const budget = new ArgumentsBudget();
  const all = Array.from({ length: 4 }, () => argumentsOf(100 * PIECE_SIZE, budget));
  assertEquals(all.map(({ given }) => given), [[7], [7], [2], []]);
  const [first, , , last] = all;
  last.arrival.add(PIECE);
  assertEquals(last.given, [1]); // the free one
  first.arrival.close();
  first.arrival.close(); // which changes nothing
  assertEquals(roomOf(budget), 7);
  last.arrival.add(PIECE);
  assertEquals(last.given, [1, 8]);
  for (const { arrival } of all) arrival.close();
  assertEquals(roomOf(budget), 16);
});

Deno.test("the room comes back when all has arrived", () => {
  const budget = new ArgumentsBudget();
  const { arrival } = argumentsOf(30 * PIECE_SIZE, budget);
  for (let i = 0; i < 30; i++) {
    assert(roomOf(budget) >= 16 - 8, `${roomOf(budget)} left`);
    arrival.add(i === 29 ? PIECE.slice(1) + "1" : PIECE);
  }
  assertEquals([arrival.isComplete, arrival.end(30 * PIECE_SIZE)], [true, 1]);
  arrival.close();
  assertEquals(roomOf(budget), 16);
});

Deno.test("a stream has no room while values of as many pieces as its window are not read", () => {
  const { arrival, given } = arrivalOf(undefined, undefined, true);
  const size = 20 * PIECE_SIZE;
  arrival.add(PIECE, size);
  for (let i = 1; i < 20; i++) arrival.add(i === 19 ? PIECE.slice(1) + "1" : PIECE);
  arrival.end(size);
  const pieces = arrival.wait();
  const before = given.length;
  const room = given.reduce((sum, count) => sum + count, 1) - 20;
  for (let i = 0; i < room; i++) {
    arrival.wait(true);
  }
  assertThrows(() => arrival.wait(true), ValueError, "There was no room for another piece");
  assertEquals([pieces, given.length], [20, before]);
  for (let i = 0; i < room; i++) arrival.read(1);
  assertEquals(given.length, before); // the first one is not read
  arrival.read(pieces);
  assertEquals(given.length, before + 1);
});

Deno.test("whatever comes and is read, a stream goes on, and no more of it waits than its window", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("whole" as const) }),
    fc.record({ kind: fc.constant("pieces" as const), count: fc.integer({ min: 1, max: 30 }) }),
    fc.record({ kind: fc.constant("read" as const) }),
  );
  const interval = fc.constantFrom(0, 90, 5_000);
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), interval, (steps, interval) => {
    let time = 0;
    const budget = new ArgumentsBudget();
    const others = argumentsOf(100 * PIECE_SIZE, budget);
    const { arrival, given } = arrivalOf(budget, Infinity, true, () => time);
    const unread: number[] = [];
    let used = 0;
    const room = () => given.reduce((sum, count) => sum + count, 1) - used;
    const sum = () => unread.reduce((total, pieces) => total + pieces, 0);
    const read = () => arrival.read(unread.shift()!);
    /** Waits for room as a sender does; the reader reads meanwhile. */
    const use = (own: number) => {
      for (; room() === 0; read()) assert(unread.length > 0, "it has no room, and all is read");
      used++;
      time += interval;
      return () => {
        const waiting = sum() + own;
        assert(unread.length === 0 || room() + waiting <= 12 + 30, `${room()}, ${waiting}`);
        assert(room() <= 12, `${room()} pieces may come`);
      };
    };
    for (const { kind, ...rest } of steps) {
      if (kind === "read") {
        if (unread.length > 0) read();
        continue;
      }
      let before: number;
      if (kind === "whole") {
        const check = use(1);
        before = given.length;
        unread.push(arrival.wait(true));
        check();
      } else {
        const { count } = rest as { count: number };
        const size = 1 + count;
        for (let i = 0; i < count; i++) {
          const check = use(i + 1);
          arrival.add(i === 0 ? "[]" : " ", i === 0 ? size : undefined);
          check();
        }
        assertEquals(arrival.end(size), []);
        before = given.length;
        unread.push(arrival.wait());
      }
      if (given.length > before) assert(sum() + room() <= 12, "more room than the window");
    }
    while (unread.length > 0) read();
    assert(room() > 0);
    arrival.close();
    others.arrival.close();
    assertEquals(roomOf(budget), 16);
  }));
});

Deno.test("a stream that comes slowly takes no room from others", () => {
  let time = 600; // milliseconds
  const budget = new ArrivalBudget();
  const { arrival } = arrivalOf(budget, Infinity, true, () => time);
  const take = () => {
    arrival.read(arrival.wait(true));
  };
  for (let i = 0; i < 50; i++) take();
  assert(roomOf(budget) <= 16 - 6, `${roomOf(budget)} left of a fast one`);
  for (let i = 0; i < 20; i++) {
    time += 1_000;
    take();
  }
  assert(roomOf(budget) >= 16 - 2, `${roomOf(budget)} left of a slow one`);
});

Deno.test("the incomplete values of all requests have a limit together", () => {
  const budget = new ArgumentsBudget(3 * PIECE_SIZE);
  const [one, other] = [3, 2].map((pieces) => argumentsOf(pieces * PIECE_SIZE, budget));
  one.arrival.add(PIECE);
  one.arrival.add(PIECE);
  other.arrival.add(PIECE);
  const message = "Large arguments of several requests arrive at once, and have more than " +
    "readLimit together, 786432 bytes";
  assertThrows(() => other.arrival.add(PIECE), ValueError, message);
  other.arrival.close();
  one.arrival.add(PIECE);
  assert(one.arrival.isComplete);
});

Deno.test("pieces are sent as there is room for them, and not after the value is not wanted", async () => {
  const sent: string[] = [];
  const progress: number[][] = [];
  let isWanted = true;
  const credit = new Credit(1);
  const json = await measure(function* () {
    yield* [PIECE, PIECE, PIECE, PIECE, "1"];
  });
  const sending = sendParts(
    { json, arrays: [] },
    {
      connection: {
        sendTexts: (texts) => void sent.push(texts.join("")),
        congested: false,
        drained: () => Promise.resolve(),
      },
      credit,
      lineOf: (content, size) => [`${JSON.parse(content.join("")).length} of ${size}`],
      isWanted: () => isWanted,
      onProgress: (done, total) => progress.push([done, total]),
    },
  );
  await until("the first piece is sent", () => sent.length === 1);
  credit.add(2);
  await until("two more are sent", () => sent.length === 3);
  isWanted = false;
  credit.close();
  assertEquals(await sending, false);
  const total = 4 * PIECE_SIZE + 1;
  assertEquals(sent, [`${PIECE_SIZE} of ${total}`, `${PIECE_SIZE} of undefined`, sent[1]]);
  assertEquals(progress.at(-1), [3 * PIECE_SIZE, total]);
});

Deno.test("arrays whose copies are given back since the value is not wanted any more are no change", async () => {
  const arrays = [{ bytes: new Uint8Array(500_000), size: 500_000 }];
  const json = await measure(function* () {
    yield "0";
  });
  let isWanted = true;
  const isComplete = await sendParts({ json, arrays }, {
    connection: { sendTexts: () => {}, congested: false, drained: () => Promise.resolve() },
    credit: new Credit(10),
    lineOf: (content) => content,
    isWanted: () => isWanted,
    onProgress: (done) => {
      if (done === 1) return;
      isWanted = false;
      arrays[0].bytes.buffer.transfer(0);
    },
  });
  assertEquals(isComplete, false);
});

Deno.test("the bytes of arrays follow the JSON, in pieces that the other side puts together", async () => {
  const arrays = [500_000, 1, 200_000].map((size, part) => ({
    bytes: new Uint8Array(size).fill(part + 1),
    size,
  }));
  const placed = arrays.map(({ size }, part) => ({
    "__array__": { dtype: "|u1", shape: [size], part },
  }));
  const text = JSON.stringify(placed);
  const json = await measure(function* () {
    yield text;
  });
  const total = text.length + 700_001;
  const sent: number[] = [];
  const credit = new Credit(1);
  const arrival = new Arrival({
    budget: new ArrivalBudget(),
    limit: total,
    knowsArrays: true,
    giveRoom: (count) => credit.add(count),
  });
  const isComplete = await sendParts({ json, arrays }, {
    connection: {
      sendTexts: (texts) => {
        const { piece, size } = JSON.parse(texts.join(""));
        sent.push(texts.join("").length);
        arrival.add(toPiece(piece)!, size ?? undefined);
      },
      congested: false,
      drained: () => Promise.resolve(),
    },
    credit,
    lineOf: (content, size) => ['{"piece":', ...content, `,"size":${size ?? null}}`],
    isWanted: () => true,
  });
  assertEquals([isComplete, sent.length], [true, 1 + 3 + 1 + 2]);
  assert(Math.max(...sent) < PIECE_SIZE + 100, `${Math.max(...sent)} characters`);
  assertEquals(arrival.end(total), arrays.map(({ bytes }) => bytes));
});
