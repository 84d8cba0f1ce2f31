/**
 * A Service of one oven, whose temperature it tells, with the room that it is in.
 *
 * `nodes_demo.ts` starts it in one room, and moves it to another one.
 *
 * @module
 */

import { runUntilEnd, Service } from "@msl/network";
import { exampleOptions } from "./options.ts";

/** An oven that can be moved. */
export class Oven extends Service {
  readonly #room: string;

  constructor(room: string) {
    super({ maxClients: 1 });
    this.#room = room;
  }

  /** The temperature in degrees Celsius, and where it was measured. */
  temperature(): { celsius: number; room: string } {
    return { celsius: 21.5, room: this.#room };
  }

  /** Does not return within an hour, unless the request is cancelled. */
  async bake(): Promise<string> {
    const { signal } = this.request!;
    console.log("The Oven bakes");
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, 3_600_000);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        console.log("The Oven stops baking");
        resolve(undefined);
      });
    });
    return "baked";
  }
}

if (import.meta.main) {
  const { room, connection } = exampleOptions({ room: "a" });
  const service = new Oven(room);
  service.addTasks(() => console.log(`The Oven is in room ${room}`));
  await runUntilEnd(service, connection);
}
