/**
 * A gateway over sockets, with requests and frames that no browser sends: each connection has one
 * answer of a known status or a closing code, and ends; nothing is left, and others are served.
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { type Client, connect } from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { connect as connectWeb } from "../../web/client.ts";
import { temporaryFolder } from "../support/folder.ts";
import { piecesOf } from "../support/pieces.ts";
import { inTime, until } from "../support/until.ts";
import { ask, Raw, upgraded } from "../support/web_peers.ts";
import fc from "../support/properties.ts";
import { frames, requests } from "./gateway_input.ts";
import { pieceSizes } from "./hostile_input.ts";
import { type Target, tryAll } from "./target.ts";

/** The statuses that the gateway answers with. */
const STATUSES = [101, 200, 301, 304, 400, 403, 404, 405, 408, 421, 426, 431];
/** The codes with which it closes a WebSocket. */
const CLOSING = [1000, 1002, 1003, 1007, 1008, 1009];

/** What one peer does. */
interface Plan {
  bytes: Uint8Array;
  sizes: number[];
  /** Whether it closes the connection when it has sent all. */
  leaves: boolean;
}

/** Lines of a device: its identity, and requests. */
const LINES = [
  '{"error":false,"result":{"type":"client","name":"Fuzz","language":"x","os":"y"},"uid":""}',
  '{"service":"Manager","attribute":"identity","args":[],"kwargs":{},"uid":"1","error":false}',
  '{"service":"Manager","attribute":"link","args":["No"],"kwargs":{},"uid":"2","error":false}',
  '{"service":"self","attribute":"__disconnect__","args":[],"kwargs":{},"uid":"","error":false}',
  "identity",
  "disconnect",
  "",
];

/** The targets of a gateway. */
export function gatewayTargets(): Target[] {
  return [
    {
      name: "whatever is requested of the gateway, there is one answer, and nothing is left",
      numRuns: 25,
      check: (trial) =>
        withGateway(async (gateway) => {
          await tryAll<[Plan[]]>(trial, [plans(requests())], async (plans) => {
            await Promise.all(plans.map((plan) => gateway.request(plan)));
            await gateway.expectOthersAreServed();
          });
        }),
    },
    {
      name: "whatever frames a WebSocket sends, it ends with a code, and nothing is left",
      numRuns: 8,
      check: (trial) =>
        withGateway(async (gateway) => {
          await tryAll<[Plan[]]>(trial, [plans(frames(LINES))], async (plans) => {
            await Promise.all(plans.map((plan) => gateway.sendFrames(plan)));
            await gateway.expectOthersAreServed();
          });
        }),
    },
  ];
}

function plans(bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Plan[]> {
  const leaves = fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true));
  // One byte at a time would be thousands of packets.
  const sizes = pieceSizes.map((all) => all.map((size) => size < 7 ? size + 40 : size));
  const plan = fc.record({ bytes, sizes, leaves });
  return fc.array(plan, { minLength: 1, maxLength: 6, size: "max" });
}

/** Starts a Manager with a gateway, a Client and a page, and checks that it can be shut down. */
async function withGateway(run: (gateway: FuzzedGateway) => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(join(folder.path, "index.html"), "<!doctype html>");
  await Deno.mkdir(join(folder.path, "folder"));
  const manager = await TestManager.start({
    host: "127.0.0.1",
    disableTls: true,
    web: 0,
    webRoot: folder.path,
    limits: { handshakeTimeout: 1_000, maxPending: 64, maxWebMessage: 2_000 },
  });
  try {
    await using client = await connect({ ...manager.connectOptions, name: "good" });
    const url = `http://127.0.0.1:${manager.manager.webPort}`;
    await using page = await connectWeb({ url, name: "page" });
    await run(new FuzzedGateway(manager, [client, page]));
  } finally {
    await inTime("the end of the Manager", manager[Symbol.asyncDispose]());
  }
}

class FuzzedGateway {
  readonly #manager: TestManager;
  readonly #good: Client[];

  constructor(manager: TestManager, good: Client[]) {
    this.#manager = manager;
    this.#good = good;
  }

  /** Sends what may be requests, and checks the answer. */
  async request(plan: Plan): Promise<void> {
    using raw = await Raw.open(this.#manager);
    if (!await send(raw, plan)) return;
    const answer = await inTime("an answer", raw.ended);
    const statuses = [...answer.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, one]) => Number(one));
    const shown = `${JSON.stringify(new TextDecoder().decode(plan.bytes.subarray(0, 300)))}: ` +
      JSON.stringify(answer.slice(0, 300));
    assertEquals(statuses.length, 1, shown);
    assert(STATUSES.includes(statuses[0]), shown);
    assert(answer.startsWith("HTTP/1.1 ") && answer.includes("\r\n\r\n"), shown);
    if (statuses[0] === 101) expectFrames(answer.slice(answer.indexOf("\r\n\r\n") + 4));
    else assert(/^connection: close\r$/m.test(answer), shown);
  }

  /** Sends what may be frames, and checks those of the gateway. */
  async sendFrames(plan: Plan): Promise<void> {
    using raw = await upgraded(this.#manager);
    if (!await send(raw, plan)) return;
    let isEnded = false;
    raw.ended.then(() => isEnded = true);
    // One that became a device stays as long as it likes.
    await until("it ends, or is a device", () => isEnded || this.#isConnected("Fuzz"));
    if (isEnded) expectFrames(raw.text.slice(raw.text.indexOf("\r\n\r\n") + 4));
  }

  /** The good Client and the good page still work, a new request too, and the others are gone. */
  async expectOthersAreServed(): Promise<void> {
    const healthz = await ask(this.#manager, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert(healthz.startsWith("HTTP/1.1 200 "), healthz);
    await until("the fuzzed devices are gone", () => !this.#isConnected("Fuzz"));
    for (const client of this.#good) {
      const { clients } = await client.identities();
      assertEquals(Object.keys(clients).map((name) => name.split("[")[0]).sort(), ["good", "page"]);
    }
    const left = () => {
      const { unidentified, web } = this.#manager.manager.status();
      return { unidentified, pages: web!.websockets - 1 };
    };
    const isClean = () => Object.values(left()).every((count) => count === 0);
    await until(() => `nothing is left: ${JSON.stringify(left())}`, isClean);
  }

  #isConnected(name: string): boolean {
    const names = Object.keys(this.#manager.manager.identities().clients);
    return names.some((one) => one.startsWith(`${name}[`));
  }
}

/** Sends in pieces. False if the peer then leaves. */
async function send(raw: Raw, { bytes, sizes, leaves }: Plan): Promise<boolean> {
  try {
    for (const piece of piecesOf(bytes, sizes)) await raw.send(piece);
  } catch {
    // The gateway has had enough of it.
  }
  return !leaves;
}

/** Checks that these are whole frames that a server may send, and a closing one comes last. */
function expectFrames(text: string): void {
  let at = 0;
  while (at < text.length) {
    const [first, second] = [text.charCodeAt(at), text.charCodeAt(at + 1)];
    assertEquals(first & 0x70, 0, "reserved bits");
    assertEquals(second & 0x80, 0, "a mask");
    let length = second & 0x7f;
    at += 2;
    const extended = length === 126 ? 2 : length === 127 ? 8 : 0;
    if (extended > 0) {
      length = Array.from(text.slice(at, at + extended), (char) => char.charCodeAt(0))
        .reduce((sum, byte) => sum * 256 + byte, 0);
    }
    at += extended;
    const opcode = first & 0x0f;
    assert([2, 8, 10].includes(opcode), `the opcode ${opcode}`);
    if (opcode === 8 && length > 0) {
      const code = text.charCodeAt(at) * 256 + text.charCodeAt(at + 1);
      assert(CLOSING.includes(code) || isCodeOfPeer(code), `the closing code ${code}`);
    }
    at += length;
    if (opcode === 8) break;
  }
  assertEquals(at, text.length, "frames that are not whole, or come after the closing one");
}

/** Whether a peer may close with this code, which is then sent back. */
function isCodeOfPeer(code: number): boolean {
  return code >= 3_000 && code < 5_000 || code >= 1_000 && code < 1_015 && code % 1_000 !== 4;
}
