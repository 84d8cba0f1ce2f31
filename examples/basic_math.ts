/**
 * A Service whose methods are slow: each takes one second longer than the one before it.
 *
 * Run it with `deno run -A examples/basic_math.ts`, then `synchronous.ts` and `asynchronous.ts`.
 *
 * @module
 */

import { runUntilEnd, Service, ValueError } from "@msl/network";
import { delay } from "@std/async/delay";
import { connectOptions } from "./options.ts";

/** The example in the manual of MSL-Network. */
export class BasicMath extends Service {
  euler = 2.718281828459045;

  get pi(): number {
    return Math.PI;
  }

  async add(x: number, y: number): Promise<number> {
    await delay(1_000);
    return x + y;
  }

  async subtract(x: number, y: number): Promise<number> {
    await delay(2_000);
    return x - y;
  }

  async multiply(x: number, y: number): Promise<number> {
    await delay(3_000);
    return x * y;
  }

  async divide(x: number, y: number): Promise<number> {
    await delay(4_000);
    return x / y;
  }

  async ensure_positive(x: number): Promise<boolean> {
    await delay(5_000);
    if (x < 0) throw new ValueError("The value is < 0");
    return true;
  }

  async power(x: number, n = 2): Promise<number> {
    await delay(6_000);
    return x ** n;
  }
}

if (import.meta.main) {
  const service = new BasicMath();
  service.addTasks(() => console.log("BasicMath is running"));
  await runUntilEnd(service, connectOptions());
}
