import { assert, assertEquals } from "@std/assert";
import { LARGEST_WINDOW, StreamWindow, WINDOW } from "../../client/stream_window.ts";

/** A window, and a function that reads values, each after a time in milliseconds. */
function windowAt() {
  let time = 0;
  const window = new StreamWindow(() => time);
  const read = (count: number, each: number, hasWaited = true) => {
    let most = 0;
    for (let value = 0; value < count; value++) {
      time += each;
      window.read(hasWaited);
      most = Math.max(most, window.room);
    }
    return most;
  };
  return { window, read };
}

Deno.test("a stream that is read slowly has 32 values on their way, whatever its reader waits for", () => {
  const { window, read } = windowAt();
  assertEquals(window.room, WINDOW);
  assertEquals(read(1000, 10), WINDOW);
  assertEquals(read(1000, 1000), WINDOW);
});

Deno.test("a fast stream has as many on their way as are read in 200 ms", () => {
  const { read } = windowAt();
  const most = read(5_000, 1);
  assert(most > 190 && most <= 200, `${most}`);
});

Deno.test("there is a limit, and a stream that becomes slow gets no more until few are left", () => {
  const { window, read } = windowAt();
  assertEquals(read(10_000, 0.05), LARGEST_WINDOW);
  read(2 * LARGEST_WINDOW, 100);
  assertEquals(read(100, 100), WINDOW);
  assert(window.room > 0);
});

Deno.test("one who reads what is there already lets the generator run no further ahead", () => {
  const { read } = windowAt();
  assertEquals(read(1000, 0, false), WINDOW);
});

Deno.test("the credit is what the window has room for: never less than was sent", () => {
  let time = 0;
  const window = new StreamWindow(() => time);
  let granted = WINDOW;
  for (let value = 1; value < 20_000; value++) {
    time += value % 3000 < 1500 ? 0.01 : 20;
    granted += window.read(value % 2 === 0);
    assertEquals(window.room, granted - value);
    assert(window.room > 0 && window.room <= LARGEST_WINDOW);
  }
});
