/**
 * Plays recorded conversations of Python devices with a Python Manager: the devices' lines are sent
 * as they were recorded, and the Manager must send the lines of Python's. Ports and host names are
 * mapped; tracebacks, languages and operating systems differ.
 */

import { assert, assertEquals } from "@std/assert";
import { WirePeer } from "../../testing.ts";
import type { ManagerAddress } from "./raw_peer.ts";
import type { Entry } from "./recording.ts";

type Json = Record<string, unknown>;

/** Errors whose class is Python's and whose text is ours. */
const OUR_OWN_WORDS = ["JSONDecodeError: ", "TypeError: 'NoneType' object is not subscriptable"];

/** The Manager that a recording is played against. */
export interface Subject {
  connectOptions: ManagerAddress;
  hostname: string;
  port: number;
  language: string;
  os: string;
  /** Whether it sends the `uid` of a request where Python leaves it out. */
  sendsEachUid: boolean;
  /** Waits until a device with this name has been accepted. */
  connected(name: string): Promise<unknown>;
  /** Ends it. */
  stop(): Promise<unknown>;
}

/** Plays recordings against a Manager. */
export class Replay {
  readonly #manager: Subject;
  readonly #peers = new Map<string, WirePeer>();
  /** The last request of each connection. */
  readonly #requests = new Map<string, Json>();
  #stopped: Promise<unknown> | undefined;
  /** The port of this replay for each port of the recording. */
  readonly #ports = new Map<string, string>();

  constructor(manager: Subject) {
    this.#manager = manager;
  }

  /** Plays a recording. Returns how many lines were sent, and how many replies were compared. */
  async play(entries: Entry[]): Promise<{ sent: number; compared: number }> {
    let sent = 0;
    let compared = 0;
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
        const message = parse(line);
        if ("attribute" in message) this.#requests.set(connection, message);
        peer.send(this.#addressHere(line.trimEnd()));
        sent++;
        const rejected = entries.slice(index).find((entry) =>
          entry.connection === connection && entry.sender === "manager"
        )?.line?.includes('"error": true');
        const identity = message.result as Json | null | undefined;
        if (identity?.type !== undefined && !rejected) {
          await this.#manager.connected(String(identity.name));
        }
      } else if (line === null) {
        const isEnd = entries.slice(index).every((entry) => entry.line === null);
        // Of one that was asked to shut down, all connections end.
        const isAsked = this.#requests.values().some(({ attribute }) =>
          attribute === "shutdown_manager"
        );
        if (isEnd && !isAsked) await (this.#stopped ??= this.#manager.stop());
        assertEquals(await peer.readText(), undefined, `connection ${connection} goes on`);
      } else {
        const uid = String(this.#requests.get(connection)?.uid ?? "");
        this.#compare(JSON.parse(line), await peer.read(), uid);
        compared++;
      }
    }
    for (const peer of this.#peers.values()) await peer.close();
    return { sent, compared };
  }

  /** Asserts that our Manager sends the recorded line, but for the parts that have to differ. */
  #compare(recorded: Json, actual: Json, uid: string): void {
    // Python omits the uid of an administrator's request, and of one to a service that has disconnected.
    const isLeftOut = recorded.uid === "" && !("attribute" in recorded);
    if (isLeftOut && this.#manager.sendsEachUid) recorded.uid = uid;
    const port = this.#ports.get(String(recorded.result)); // an administrator requests it
    if (port !== undefined) recorded.result = Number(port);
    for (const text of OUR_OWN_WORDS) {
      if (!String(recorded.message).startsWith(text)) continue;
      assert(String(actual.message).startsWith(text.split(" ")[0]), String(actual.message));
      recorded.message = actual.message;
    }
    const identity = recorded.result as Json | null;
    if (identity?.hostname !== undefined) {
      const { hostname, port, language, os } = this.#manager;
      Object.assign(identity, { hostname, port, language, os });
    }
    for (const message of [recorded, actual]) {
      if (message.error === true) message.traceback = [];
    }
    const expected = this.#mapPorts(canonical(recorded), canonical(actual));
    assertEquals(canonical(actual), expected);
  }

  /** A device's line, with the addresses that our Manager has sent to it. */
  #addressHere(line: string): string {
    const { hostname } = this.#manager;
    return line.replaceAll(/lab-pc:(\d+)/g, (recorded, port: string) => {
      const here = this.#ports.get(port);
      return here === undefined ? recorded : `${hostname}:${here}`;
    });
  }

  /** The recorded text with the host and the ports of this replay. */
  #mapPorts(recorded: string, actual: string): string {
    const { hostname } = this.#manager;
    const found = [...actual.matchAll(new RegExp(`${RegExp.escape(hostname)}:(\\d+)`, "g"))];
    let occurrence = 0;
    return recorded.replaceAll(/lab-pc:(\d+)/g, (_, port: string) => {
      const here = found[occurrence++]?.[1] ?? "missing";
      if (!this.#ports.has(port)) {
        // Different ports of the recording are different ports here.
        assert(![...this.#ports.values()].includes(here), `port ${here} stands for two`);
        this.#ports.set(port, here);
      }
      return `${hostname}:${this.#ports.get(port)}`;
    });
  }
}

/** A line as an object; a typed line is one without members. */
function parse(line: string): Json {
  try {
    return JSON.parse(line);
  } catch {
    return {};
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
