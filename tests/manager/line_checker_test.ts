import { assert, assertEquals, assertRejects } from "@std/assert";
import { ConnectionAbortedError } from "../../errors.ts";
import { LIMITS } from "../../limits.ts";
import { type CheckedLine, checkLine, type LineToCheck } from "../../manager/line_check.ts";
import { type CheckWorker, LineChecker } from "../../manager/line_checker.ts";

const MiB = 1024 * 1024;

/** A worker that checks the line that it has when it is told to. */
class FakeWorker implements CheckWorker {
  onmessage: ((event: MessageEvent<CheckedLine>) => void) | null = null;
  onerror: ((event: ErrorEvent) => void) | null = null;
  lines: LineToCheck[] = [];
  isEnded = false;

  postMessage(line: LineToCheck): void {
    this.lines.push(line);
  }

  terminate(): void {
    this.isEnded = true;
  }

  /** Checks the line; returns its length. */
  check(): number {
    const line = this.lines.shift()!;
    this.onmessage!(new MessageEvent("message", { data: checkLine({ ...line, length: 2 }) }));
    return line.length;
  }
}

/** A checker whose workers wait, and the function that gives it a line of a length. */
function checkerWithWorkers(): {
  checker: LineChecker;
  workers: FakeWorker[];
  give: (length: number) => Promise<CheckedLine>;
} {
  const workers: FakeWorker[] = [];
  const checker = new LineChecker(LIMITS, () => {
    const worker = new FakeWorker();
    workers.push(worker);
    return worker;
  });
  const give = (length: number) => checker.check(new TextEncoder().encode("{}").buffer, length);
  return { checker, workers, give };
}

Deno.test("the shortest line that waits is checked next, and a worker has one at a time", async () => {
  const { checker, workers, give } = checkerWithWorkers();
  using _ = checker;
  const lengths = [20 * MiB, 20 * MiB + 1, 2 * MiB, 10 * MiB, 2 * MiB + 1];
  const checks = lengths.map(give);
  const order: number[] = [];
  for (let left = lengths.length; left > 0; left--) {
    assertEquals(workers[0].lines.length, 1);
    order.push(workers[0].check());
  }
  assertEquals(order, [20 * MiB, 2 * MiB, 2 * MiB + 1, 10 * MiB, 20 * MiB + 1]);
  assertEquals((await Promise.all(checks)).length, 5);
});

Deno.test("a long line is not overtaken for ever", async () => {
  const { checker, workers, give } = checkerWithWorkers();
  using _ = checker;
  const checks = [give(2 * MiB), give(20 * MiB)];
  let overtaking = 0;
  // There is always a shorter line.
  for (let length = 2 * MiB; length < 20 * MiB && overtaking < 64 * 20; overtaking++) {
    checks.push(give(2 * MiB));
    length = workers[0].check();
  }
  assert(overtaking < 64 * 20 / 2, `${overtaking} lines of 2 MiB have overtaken one of 20 MiB`);
  while (workers[0].lines.length > 0) workers[0].check();
  await Promise.all(checks);
});

Deno.test("no line waits for one of more than 32 MiB", async () => {
  const { checker, workers, give } = checkerWithWorkers();
  using _ = checker;
  const long = [give(1024 * MiB), give(33 * MiB)];
  const short = [give(32 * MiB)];
  assertEquals(workers.length, 2);
  assertEquals(workers[1].check(), 32 * MiB);
  await Promise.all(short);
  assertEquals([workers[0].check(), workers[0].check()], [1024 * MiB, 33 * MiB]);
  await Promise.all(long);
});

Deno.test("a worker that crashes loses the line that it has, and the next one is checked by another", async () => {
  const { checker, workers, give } = checkerWithWorkers();
  using _ = checker;
  const [first, second] = [give(2 * MiB), give(3 * MiB)];
  const event = new ErrorEvent("error", { message: "out of memory", cancelable: true });
  workers[0].onerror!(event);
  await assertRejects(
    () => first,
    ConnectionAbortedError,
    "the check of a long line crashed: out of memory",
  );
  assertEquals([event.defaultPrevented, workers[0].isEnded, workers.length], [true, true, 2]);
  assertEquals(workers[1].check(), 3 * MiB);
  assertEquals((await second).outcome.state, "valid");
});

Deno.test("a checker that is disposed rejects the lines that it has, and further ones", async () => {
  const { checker, workers, give } = checkerWithWorkers();
  const lines = [give(2 * MiB), give(2 * MiB), give(40 * MiB)];
  checker[Symbol.dispose]();
  lines.push(give(2 * MiB));
  for (const line of lines) {
    await assertRejects(() => line, ConnectionAbortedError, "the Manager is shutting down");
  }
  assertEquals(workers.map(({ isEnded }) => isEnded), [true, true]);
});
