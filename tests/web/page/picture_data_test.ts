import { assert, assertEquals } from "@std/assert";
import { deflateSync } from "node:zlib";
import { type PictureData, pictureOf } from "../../../web/page/picture_data.ts";
import { pngOf } from "../../support/png.ts";

/** Start, `APP0` with a fill byte behind it, start of frame with the size, end. */
const JPEG = Uint8Array.fromHex(
  "ffd8ffe000104a46494600010100000100010000" + "ffffc0000b080014001e0101" + "1100" + "ffd9",
);

/** The picture that a value is. */
function pictureIn(value: unknown): PictureData {
  const picture = pictureOf(value);
  if (picture === undefined || !("type" in picture)) throw new Error(picture?.problem ?? "none");
  return picture;
}

/** Why a picture cannot be shown. */
function problemOf(value: unknown): { problem: string; bytes?: Uint8Array } {
  const picture = pictureOf(value);
  if (picture === undefined || "type" in picture) throw new Error(JSON.stringify(value));
  return picture;
}

Deno.test("a PNG or JPEG is recognized in base64, in an address of data, and as bytes", () => {
  const png = pngOf(3, 2);
  for (const value of [png.toBase64(), `data:image/png;base64,${png.toBase64()}`, [...png], png]) {
    const picture = pictureIn(value);
    assertEquals([picture.type, picture.width, picture.height], ["image/png", 3, 2]);
    assertEquals(picture.bytes, png);
  }
  const picture = pictureIn(JPEG.toBase64());
  assertEquals([picture.type, picture.width, picture.height], ["image/jpeg", 30, 20]);
});

Deno.test("lines of base64, as Python writes them, are joined", () => {
  const text = pngOf(30, 30).toBase64().replaceAll(/.{76}/g, "$&\n");
  assertEquals(pictureIn(text).width, 30);
});

Deno.test("a picture that is larger than a browser should unpack is not shown", () => {
  const bomb = pngOf(60_000, 60_000, deflateSync(new Uint8Array(1000)));
  const picture = problemOf(bomb.toBase64());
  assertEquals(
    picture.problem,
    "The picture is not shown: it has 60000 × 60000 points, more than 50 million",
  );
  assertEquals(picture.bytes, bomb); // to be saved
});

Deno.test("a broken picture says so", () => {
  const png = pngOf(3, 2);
  const broken = [
    png.slice(0, 20).toBase64(), // no size
    `${png.toBase64().slice(0, 40)}*`, // no base64
    [...png.slice(0, 8), ...new Array(30).fill(7)], // no header
    pngOf(0, 2).toBase64(),
    png.slice(0, -5).toBase64(), // no end
    JPEG.slice(0, 24).toBase64(),
    JPEG.slice(0, -1).toBase64(),
    [0xff, 0xd8, 0xff, ...new Array(40).fill(0)],
  ];
  for (const value of broken) {
    const picture = problemOf(value);
    assert(picture.problem.startsWith("The picture is broken"), picture.problem);
  }
});

Deno.test("what only looks a little like a picture is something else", () => {
  const png = [...pngOf(3, 2)];
  const values = [
    ...["iVBORw0KGgo", "text", "", png.slice(1), [...png, 256], [...png, "x"], [...png, 0.5]],
    ...[{ 0: 137 }, "data:image/svg+xml;base64,PHN2Zz48c2NyaXB0Pg==", 137],
  ];
  assertEquals(values.map(pictureOf), values.map(() => undefined));
});
