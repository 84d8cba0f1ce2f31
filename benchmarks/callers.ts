/**
 * A client and a service that keep calls in flight (`workers.ts`), each in a process of its own, with
 * the server between them: ours, NATS, a relay, or the least that can do it with JSON.
 *
 * @module
 */

import type { ClientOptions } from "../client.ts";
import type { CallerOptions } from "./caller.ts";
import type { JsonCallerOptions } from "./json_caller.ts";
import type { LineCallerOptions } from "./line_caller.ts";
import type { NatsCallerOptions } from "./nats_caller.ts";
import { startNats } from "./nats.ts";
import { Program } from "./program.ts";
import { type Setting, startServer } from "./setting.ts";

/** A client and a service that are connected. */
export interface Callers extends AsyncDisposable {
  client: Program;
  /** These two, and the servers, by the names under which their CPU is shown. */
  programs: Record<string, Program>;
}

/**
 * A Client and a Service at one Manager.
 *
 * @param options Options of the Client.
 */
export async function startLocal(
  setting: Setting,
  secure: boolean,
  options: ClientOptions = {},
): Promise<Callers> {
  await using stack = new AsyncDisposableStack();
  const manager = stack.use(await startServer(setting, "manager", { secure }));
  const service = { port: manager.address.port, ...trust(setting, secure) };
  const programs = await startCallers(stack, "caller.ts", {
    service,
    client: { ...service, ...options },
  });
  return owning(stack, programs, { "Manager": manager.program });
}

/** A client and a service of NATS; `undefined` if its server is not installed. */
export async function startRequests(
  setting: Setting,
  secure: boolean,
): Promise<Callers | undefined> {
  await using stack = new AsyncDisposableStack();
  const nats = await startNats(setting, { secure });
  if (nats === undefined) return undefined;
  stack.use(nats);
  const service = { port: nats.port, certFile: secure ? setting.certFile : undefined };
  const programs = await startCallers(stack, "nats_caller.ts", { service });
  return owning(stack, programs, { "NATS server": nats.program });
}

/** Two programs with the sockets of a Client and a Service, and a relay with those of a Manager. */
export async function startRelayed(setting: Setting, secure: boolean): Promise<Callers> {
  await using stack = new AsyncDisposableStack();
  const relay = stack.use(await startServer(setting, { tls: "own", unit: "lines" }, { secure }));
  const service = { port: relay.address.port, ...trust(setting, secure) };
  const programs = await startCallers(stack, "line_caller.ts", { service });
  return owning(stack, programs, { "relay": relay.program });
}

/** Three programs with the sockets of ours that do no more than a call needs. */
export async function startMinimal(setting: Setting, secure: boolean): Promise<Callers> {
  await using stack = new AsyncDisposableStack();
  const credentials = secure ? setting.credentials : undefined;
  const server = stack.use(Program.start("json_caller.ts", { role: "server", credentials }));
  const { port } = await server.receive<{ port: number }>();
  const service = { port, ...trust(setting, secure) };
  const programs = await startCallers(stack, "json_caller.ts", { service });
  return owning(stack, programs, { server });
}

/** A program with the socket of a Client, and one with the socket of a Manager that answers it. */
export async function startDirect(setting: Setting, secure: boolean): Promise<Callers> {
  await using stack = new AsyncDisposableStack();
  const credentials = secure ? setting.credentials : undefined;
  const service = stack.use(Program.start("line_caller.ts", { role: "server", credentials }));
  const { port } = await service.receive<{ port: number }>();
  const address = { role: "client", port, ...trust(setting, secure) };
  const client = stack.use(Program.start("line_caller.ts", address));
  await client.receive();
  return owning(stack, { client, programs: { client, service } });
}

/** What a device of ours needs to connect to a server of this benchmark. */
function trust(setting: Setting, secure: boolean) {
  return secure ? { certFile: setting.certFile } : { disableTls: true };
}

/** Gives the programs what was started for them, so that it ends with them. */
export function owning(
  stack: AsyncDisposableStack,
  { client, programs }: Pick<Callers, "client" | "programs">,
  servers: Record<string, Program> = {},
): Callers {
  const whole = stack.move();
  return {
    client,
    programs: { ...programs, ...servers },
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}

/** The options of a program, without those that it is given here. */
type Options = Omit<
  CallerOptions | LineCallerOptions | JsonCallerOptions | NatsCallerOptions,
  "role"
>;

/** Starts a service, and then a client. */
export async function startCallers(
  stack: AsyncDisposableStack,
  module: string,
  { service, client = service, isReady }: {
    service: Options;
    client?: Options;
    isReady?: () => Promise<void>;
  },
): Promise<Pick<Callers, "client" | "programs">> {
  const start = async (options: Options & { role: "client" | "service" }) => {
    const program = stack.use(Program.start(module, options));
    await program.receive();
    return program;
  };
  const serving = await start({ ...service, role: "service" });
  await isReady?.();
  const calling = await start({ ...client, role: "client" });
  return { client: calling, programs: { client: calling, service: serving } };
}
