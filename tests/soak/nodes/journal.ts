/** What a process of the soak writes down, and the numbers of what it has made. */

import type { Event } from "./history.ts";

const encoder = new TextEncoder();

/** The file to which a process writes its events, each at once: it may be killed after any of them. */
export class Journal implements Disposable {
  readonly #file: Deno.FsFile;

  /** @param path A new file. */
  constructor(path: string) {
    this.#file = Deno.openSync(path, { createNew: true, write: true, append: true });
  }

  /** Writes one event. */
  write(event: Event): void {
    const bytes = encoder.encode(`${JSON.stringify(event)}\n`);
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(this.#file.writeSync(rest));
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}
