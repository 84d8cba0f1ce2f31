import { assert, assertEquals, assertThrows } from "@std/assert";
import { Credit } from "../../base/credit.ts";
import { Arrival, ArrivalBudget } from "../../device/arrival.ts";
import { sendParts } from "../../device/part_sender.ts";
import { ValueError } from "../../errors.ts";
import { toPiece } from "../../wire/message.ts";
import { measure, PIECE_SIZE } from "../../wire/parts.ts";
import { until } from "../support/until.ts";

/** An arrival, and the room that it has given. */
function arrivalOf(budget = new ArrivalBudget(), limit = Infinity) {
  const given: number[] = [];
  const arrival = new Arrival({ budget, limit, giveRoom: (count) => given.push(count) });
  return { arrival, given };
}

const PIECE = " ".repeat(PIECE_SIZE);

Deno.test("a value of one piece gets no room: the first piece is free", () => {
  const { arrival, given } = arrivalOf();
  arrival.begin(3);
  arrival.add("[1]");
  assertEquals([arrival.end(3), given], [[1], []]);
});

Deno.test("room is given for 8 pieces, when half of it is used, and for no more than the value has", () => {
  const { arrival, given } = arrivalOf();
  arrival.begin(20 * PIECE_SIZE);
  assertEquals(given, [7]);
  for (let i = 0; i < 4; i++) arrival.add(PIECE);
  assertEquals(given, [7, 4]);
  for (let i = 0; i < 14; i++) arrival.add(PIECE);
  assertEquals(given.reduce((sum, count) => sum + count, 1), 20);
});

Deno.test("a piece without room is a ValueError", () => {
  const { arrival } = arrivalOf();
  arrival.pause();
  arrival.add(PIECE);
  assertThrows(() => arrival.add(PIECE), ValueError, "There was no room for another piece");
});

Deno.test("the values of one connection share 16 pieces, and one piece of each is free", () => {
  const budget = new ArrivalBudget();
  const all = Array.from({ length: 4 }, () => arrivalOf(budget));
  for (const { arrival } of all) arrival.begin(100 * PIECE_SIZE);
  assertEquals(all.map(({ given }) => given), [[7], [7], [2], []]);
  const [first, , , last] = all;
  last.arrival.add(PIECE);
  assertEquals(last.given, [1]); // the free one
  first.arrival.close();
  first.arrival.close(); // which changes nothing
  assertEquals(budget.room, 7);
  last.arrival.add(PIECE);
  assertEquals(last.given, [1, 8]);
  for (const { arrival } of all) arrival.close();
  assertEquals(budget.room, 16);
});

Deno.test("the room comes back when all has arrived", () => {
  const budget = new ArrivalBudget();
  const { arrival } = arrivalOf(budget);
  arrival.begin(30 * PIECE_SIZE);
  for (let i = 0; i < 30; i++) {
    assert(budget.room >= 16 - 8, `${budget.room} left`);
    arrival.add(i === 29 ? PIECE.slice(1) + "1" : PIECE);
  }
  assertEquals([arrival.isComplete, arrival.end(30 * PIECE_SIZE)], [true, 1]);
  arrival.close();
  assertEquals(budget.room, 16);
});

Deno.test("a paused arrival gives no room until it is resumed", () => {
  const { arrival, given } = arrivalOf();
  arrival.add("[1,", 6);
  assertEquals(given, [1]);
  arrival.add("22]");
  assertEquals(arrival.end(6), [1, 22]);
  arrival.pause();
  assertEquals(given, [1]);
  arrival.resume();
  assertEquals(given, [1, 8]);
});

Deno.test("the incomplete values of all requests have a limit together", () => {
  const budget = new ArrivalBudget(3 * PIECE_SIZE);
  const [one, other] = [arrivalOf(budget), arrivalOf(budget)];
  one.arrival.begin(3 * PIECE_SIZE);
  other.arrival.begin(2 * PIECE_SIZE);
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
  assertEquals([isComplete, sent.length, arrival.isComplete], [true, 1 + 3 + 1 + 2, true]);
  assert(Math.max(...sent) < PIECE_SIZE + 100, `${Math.max(...sent)} characters`);
  assertEquals(arrival.end(total), arrays.map(({ bytes }) => bytes));
});
