/**
 * Computers of a soak of several nodes, as Linux knows them: each is a network namespace with a link of
 * its own to a bridge. A link can go down, or be bad, and neither end is told of it.
 *
 * All of it is in namespaces of a process of ours (`unshare`), and nobody else sees it: Linux removes
 * it when the last process in them has ended, however that was.
 */

import { tool } from "../../support/process.ts";

/** The namespaces of this process are its own if this variable is set. */
const INSIDE = "MSL_NETWORK_SOAK_INSIDE";
/** The computers and the bridge are in one network. */
const [ADDRESSES, MASK] = ["10.77.0", 24];
/** Nobody has this hardware address. */
const NOBODY = "02:00:00:00:00:01";

/**
 * How a link is bad: packets are lost and come late, by chance. Where Linux has no `netem`, they are
 * because the link is slow and its queue short.
 */
const BAD = ["netem", "loss", "10%", "delay", "30ms", "20ms"];
const SLOW = ["tbf", "rate", "2mbit", "burst", "8kb", "limit", "30kb"];

/** Whether this process is in namespaces of its own. */
export function isInNamespaces(): boolean {
  return Deno.env.has(INSIDE);
}

/** Why this computer has no namespaces for us; `undefined` if it has. */
export async function whyNoNamespaces(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "only Linux has them";
  try {
    const script = `${PREPARE}ip link add probe type bridge && ip netns add probe && nsenter -V`;
    await tool("unshare", ...unshared(), "sh", "-c", script);
  } catch (error) {
    const why = (error as Error).message.trim().split("\n").at(-1);
    return `unshare, ip and nsenter (Debian's util-linux and iproute2) have to work: ${why}`;
  }
}

/**
 * Runs a program of ours, with the arguments of this process, in namespaces of its own, and returns its
 * exit code. Ctrl+C and SIGTERM end it in order.
 *
 * @throws {Error} If this computer has none.
 */
export async function runInNamespaces(module: string): Promise<number> {
  const why = await whyNoNamespaces();
  if (why !== undefined) throw new Error(`Cannot have network namespaces: ${why}`);
  const program = [Deno.execPath(), "run", "-A", module, ...Deno.args];
  const child = new Deno.Command("unshare", {
    args: [...unshared(), "sh", "-c", `${PREPARE}exec "$@"`, "sh", ...program],
    env: { [INSIDE]: "yes" },
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  const forward = () => child.kill("SIGTERM");
  Deno.addSignalListener("SIGINT", forward); // a second one, if a terminal has sent it to both
  Deno.addSignalListener("SIGTERM", forward);
  return (await child.status).code;
}

/** `ip netns` keeps its namespaces in `/run`, which all see. */
const PREPARE = "mount -t tmpfs tmpfs /run && ip link set lo up && ";

function unshared(): string[] {
  return ["--net", "--mount", ...(Deno.uid() === 0 ? [] : ["--map-root-user"])];
}

/** The bridge, and the computers at it. */
export class Bridge {
  readonly #bad: readonly string[];
  #count = 1;

  private constructor(bad: readonly string[]) {
    this.#bad = bad;
  }

  /** Makes a bridge. This process is at it too. */
  static async make(): Promise<Bridge> {
    await ip("link", "add", "bridge", "type", "bridge");
    await ip("address", "add", `${ADDRESSES}.1/${MASK}`, "dev", "bridge");
    await ip("link", "set", "bridge", "up");
    const hasNetem = await tool("tc", ...qdisc("add", "bridge"), ...BAD).then(
      () => tool("tc", ...qdisc("delete", "bridge")).then(() => true),
      () => false,
    );
    return new Bridge(hasNetem ? BAD : SLOW);
  }

  /** Makes a computer. */
  async add(name: string): Promise<Computer> {
    const address = `${ADDRESSES}.${++this.#count}`;
    const link = `to-${name}`;
    await ip("netns", "add", name);
    await ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", name);
    await ip("link", "set", link, "master", "bridge");
    await ip("link", "set", link, "up");
    await ip("-n", name, "address", "add", `${address}/${MASK}`, "dev", "eth0");
    await ip("-n", name, "link", "set", "eth0", "up");
    await ip("-n", name, "link", "set", "lo", "up");
    return new Computer(name, address, link, this.#bad);
  }
}

/** A computer at the bridge. */
export class Computer {
  readonly name: string;
  /** Its IP address. */
  readonly address: string;
  readonly #link: string;
  readonly #bad: readonly string[];

  constructor(name: string, address: string, link: string, bad: readonly string[]) {
    this.name = name;
    this.address = address;
    this.#link = link;
    this.#bad = bad;
  }

  /** The command that runs another one on this computer. */
  get within(): readonly string[] {
    return ["nsenter", `--net=/run/netns/${this.name}`];
  }

  /** Lets its link go down: nothing arrives any more, and nobody is told. */
  async unplug(): Promise<void> {
    await ip("link", "set", this.#link, "down");
  }

  /** Lets its link go up again. */
  async plug(): Promise<void> {
    await ip("link", "set", this.#link, "up");
  }

  /** Makes its link bad, in both directions. */
  async disturb(): Promise<void> {
    await tool("tc", ...qdisc("replace", this.#link), ...this.#bad);
    await tool("tc", "-n", this.name, ...qdisc("replace", "eth0"), ...this.#bad);
  }

  /** Makes its link good again. */
  async calm(): Promise<void> {
    await tool("tc", ...qdisc("delete", this.#link));
    await tool("tc", "-n", this.name, ...qdisc("delete", "eth0"));
  }

  /** Loses all that is sent from here to another computer, and nothing else. */
  async lose(other: Computer): Promise<void> {
    const to = [other.address, "lladdr", NOBODY, "dev", "eth0", "nud", "permanent"];
    await ip("-n", this.name, "neighbour", "replace", ...to);
  }

  /** Loses nothing more. */
  async find(other: Computer): Promise<void> {
    await ip("-n", this.name, "neighbour", "delete", other.address, "dev", "eth0");
  }
}

function qdisc(action: string, link: string): string[] {
  return ["qdisc", action, "dev", link, "root"];
}

function ip(...args: string[]): Promise<string> {
  return tool("ip", ...args);
}
