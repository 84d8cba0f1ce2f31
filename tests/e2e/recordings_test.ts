/**
 * Recorded conversations of Python devices with a Python Manager, played against our Manager:
 * the devices' lines are sent as they were recorded, and our Manager must say what Python's said.
 * Ports and host names are mapped; tracebacks, languages and operating systems are its own.
 */

import { assert, assertEquals } from "@std/assert";
import { TestManager, WirePeer } from "../../testing.ts";
import { LANGUAGE, OS } from "../../version.ts";

interface Entry {
  connection: string;
  sender: "manager" | "device";
  line: string | null;
}

type Json = Record<string, unknown>;

async function readRecording(name: string): Promise<Entry[]> {
  const text = await Deno.readTextFile(new URL(`../fixtures/${name}.jsonl`, import.meta.url));
  return text.trim().split("\n").map((line) => JSON.parse(line));
}

class Replay {
  readonly #manager: TestManager;
  readonly #peers = new Map<string, WirePeer>();
  /** Ports of the recording and what they are here. */
  readonly #ports = new Map<string, string>();

  constructor(manager: TestManager) {
    this.#manager = manager;
  }

  async play(entries: Entry[]): Promise<void> {
    let lastUid = "";
    for (const [index, { connection, sender, line }] of entries.entries()) {
      let peer = this.#peers.get(connection);
      if (peer === undefined) {
        peer = await WirePeer.connect(this.#manager.connectOptions);
        this.#peers.set(connection, peer);
      }
      if (sender === "device") {
        if (line === null) {
          await peer.close();
          continue;
        }
        const message: Json = JSON.parse(line);
        lastUid = String(message.uid ?? "");
        peer.send(this.#addressHere(line.trimEnd()));
        const rejected = entries.slice(index).find((entry) =>
          entry.connection === connection && entry.sender === "manager"
        )?.line?.includes('"error": true');
        const identity = message.result as Json | null;
        if (identity?.type !== undefined && !rejected) {
          await this.#manager.connected(String(identity.name));
        }
      } else if (line === null) {
        const isEnd = entries.slice(index).every((entry) => entry.line === null);
        if (isEnd) await this.#manager.manager.shutdown();
        assertEquals(await peer.readText(), undefined, `connection ${connection} goes on`);
      } else {
        this.#compare(JSON.parse(line), await peer.read(), lastUid);
      }
    }
    for (const peer of this.#peers.values()) await peer.close();
  }

  /** What our Manager says must be what was recorded, but for what has to differ. */
  #compare(recorded: Json, actual: Json, lastUid: string): void {
    if (/KeyError: "the '.*' Service is not connected/.test(String(recorded.message))) {
      recorded.uid = lastUid; // Python forgets it here
    }
    const identity = recorded.result as Json | null;
    if (identity?.hostname !== undefined) {
      const { hostname, port } = this.#manager.manager;
      Object.assign(identity, { hostname, port, language: LANGUAGE, os: OS });
    }
    for (const message of [recorded, actual]) {
      if (message.error === true) message.traceback = [];
    }
    const expected = this.#mapPorts(canonical(recorded), canonical(actual));
    assertEquals(canonical(actual), expected);
  }

  /** A device's line, with the addresses that it has learnt from our Manager. */
  #addressHere(line: string): string {
    const { hostname } = this.#manager.manager;
    return line.replaceAll(/lab-pc:(\d+)/g, (recorded, port: string) => {
      const here = this.#ports.get(port);
      return here === undefined ? recorded : `${hostname}:${here}`;
    });
  }

  /** The recorded text with the host and the ports of this replay. */
  #mapPorts(recorded: string, actual: string): string {
    const { hostname } = this.#manager.manager;
    const found = [...actual.matchAll(new RegExp(`${RegExp.escape(hostname)}:(\\d+)`, "g"))];
    let occurrence = 0;
    return recorded.replaceAll(/lab-pc:(\d+)/g, (_, port: string) => {
      const here = found[occurrence++]?.[1] ?? "missing";
      if (!this.#ports.has(port)) {
        // Two ports of the recording are two ports here.
        assert(![...this.#ports.values()].includes(here), `port ${here} stands for two`);
        this.#ports.set(port, here);
      }
      return `${hostname}:${this.#ports.get(port)}`;
    });
  }
}

/** JSON with sorted keys. */
function canonical(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, member) =>
      typeof member === "object" && member !== null && !Array.isArray(member)
        ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => a < b ? -1 : 1))
        : member,
  );
}

for (
  const [name, options] of [
    ["requests", {}],
    ["locks", {}],
    ["auth_hostname", {}],
    ["auth_password", { authPassword: "abc 123" }],
  ] as const
) {
  for (const disableTls of [false, true]) {
    const transport = disableTls ? "TCP" : "TLS";
    Deno.test(`our Manager says what Python's said in ${name}, over ${transport}`, async () => {
      await using manager = await TestManager.start({ ...options, disableTls });
      await new Replay(manager).play(await readRecording(name));
    });
  }
}
