/**
 * Connects Clients to Services (instruments, sensors, computation) through a Manager. Messages are
 * lines of JSON over TLS, in the protocol of MSL-Network, so that devices in Python and in TypeScript
 * work together.
 *
 * A Client calls the methods of a Service as if they were local. Each call sends a request, and
 * returns a {@linkcode Future} of its result. In the synchronous style, each Future is awaited before
 * the next call. In the asynchronous style, several requests are sent before the first Future is
 * awaited.
 *
 * @example A Manager, a Service and a Client in one program
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { connect, Service } from "@msl/network";
 * import { TestManager } from "@msl/network/testing";
 *
 * class BasicMath extends Service {
 *   add(x: number, y: number): number {
 *     return x + y;
 *   }
 * }
 *
 * await using manager = await TestManager.start();
 * await using service = new BasicMath();
 * await service.start(manager.connectOptions);
 *
 * await using cxn = await connect(manager.connectOptions);
 * const bm = await cxn.link<BasicMath>("BasicMath");
 * assertEquals(await bm.add(1, 2), 3); // synchronous
 *
 * const sums = [bm.add(1, 2), bm.add(3, 4)]; // asynchronous
 * assertEquals(await Promise.all(sums), [3, 7]);
 * ```
 *
 * @example A Service on its own, with a Manager on another computer
 * ```ts ignore it needs a Manager
 * import { runUntilEnd, Service } from "@msl/network";
 *
 * class BasicMath extends Service {
 *   add(x: number, y: number): number {
 *     return x + y;
 *   }
 * }
 *
 * await runUntilEnd(new BasicMath(), { host: "lab-pc" });
 * ```
 *
 * @module
 */

export * from "./client/exports.ts";
export { type ClientOptions, connect } from "./client.ts";
export type { ConnectOptions } from "./device/connect_options.ts";
export {
  AttributeError,
  KeyError,
  NameError,
  PermissionError,
  QueueFullError,
  StartError,
  WorkerError,
} from "./errors.ts";
export type {
  About,
  DeclaredAttribute,
  DeclaredParameter,
  DeclaredValue,
  Described,
} from "./service/about.ts";
export type { ServiceRequest } from "./service/active_request.ts";
export type { HostOptions } from "./manager/hosts.ts";
export { setLoggingLevel } from "./base/log_level.ts";
export type { LimitsByOption } from "./program/limit_options.ts";
export type { Limits, LogLimits } from "./limits.ts";
export { LinkedClient, type LinkedClientMembers } from "./linked_client.ts";
export type { LogFormat } from "./logs/log_format.ts";
export { type LogOptions, startLogging } from "./logging.ts";
export { Manager, type ManagerOptions } from "./manager.ts";
export type { JoinOptions } from "./cluster/join_options.ts";
export { type RunOptions, runServices } from "./program/run.ts";
export { NdArray, type NumberArray } from "./wire/nd_array.ts";
export { runUntilEnd } from "./program/run_until_end.ts";
export type {
  SchemaIssue,
  SchemaList,
  SchemaResult,
  Schemas,
  StandardSchema,
} from "./service/schema.ts";
export { Service, type ServiceOptions } from "./service.ts";
export {
  type RemoteEnd,
  type RemoteManager,
  type SshOptions,
  startManager,
  type StartManagerOptions,
} from "./ssh.ts";
export {
  type CommandLineOptions,
  parseStartOptions,
  type StartOptions,
} from "./program/start_options.ts";
export type {
  ClientStatus,
  DeviceStatus,
  ManagerStatus,
  NodeStatus,
  OtherNodeStatus,
  ServiceStatus,
  StatusTotals,
  TrafficStatus,
  WebStatus,
} from "./wire/status.ts";
export { VERSION } from "./version.ts";
export type { WorkerOptions } from "./service/worker_pool.ts";
