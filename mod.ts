/**
 * Connects Clients to Services (instruments, sensors, computation) through a Manager, over TLS
 * with newline-delimited JSON: the network of MSL-Network, in TypeScript.
 *
 * A Client calls the methods of a Service as if they were local. Every call returns a
 * {@linkcode Future}: `await` it before the next call for the synchronous style, or keep the
 * Futures and ask for their results later for the asynchronous one.
 *
 * @example A Service
 * ```ts ignore it needs a Manager
 * import { Service } from "@msl/network";
 *
 * class BasicMath extends Service {
 *   add(x: number, y: number): number {
 *     return x + y;
 *   }
 * }
 *
 * await new BasicMath().start();
 * ```
 *
 * @example A Client
 * ```ts ignore it needs a Manager
 * import { connect } from "@msl/network";
 *
 * await using cxn = await connect();
 * const bm = await cxn.link("BasicMath");
 * console.log(await bm.add(1, 2));
 * ```
 *
 * @module
 */

export type { ServiceRequest } from "./service/active_request.ts";
export type { ReconnectOptions } from "./device/retry.ts";
export {
  type CallOptions,
  type KeywordArgument,
  Kwargs,
  kwargs,
  MarkedOptions,
  options,
} from "./wire/call.ts";
export { Client, type ClientOptions, connect, type ShutdownHandler } from "./client.ts";
export type { ConnectOptions } from "./device/device.ts";
export {
  AttributeError,
  CancelledError,
  CertificateError,
  ConfigurationError,
  ConnectError,
  ConnectionAbortedError,
  JSONDecodeError,
  KeyError,
  NameError,
  NetworkError,
  PermissionError,
  RemoteError,
  StartError,
  TimeoutError,
  TlsMismatchError,
  ValueError,
  WorkerError,
} from "./errors.ts";
export {
  type CompletedFutures,
  Future,
  type FutureIterator,
  type FutureOptions,
  type FutureWithResolvers,
  type ReturnWhen,
  type ValueOf,
  type WaitOptions,
} from "./future.ts";
export type { Identities, ServiceEntry } from "./wire/identities.ts";
export type { HostOptions } from "./manager/hosts.ts";
export { setLoggingLevel } from "./base/log_level.ts";
export type { LimitsByOption } from "./program/limit_options.ts";
export type { Limits, LogLimits } from "./limits.ts";
export type {
  Link,
  LinkMembers,
  NotificationHandler,
  NotRemote,
  Remote,
  RemoteLogging,
  RequestOptions,
  ServiceErrorHandler,
  UnknownRemote,
} from "./client/link.ts";
export { LinkedClient, type LinkedClientMembers } from "./linked_client.ts";
export type { LogFormat } from "./logs/log_format.ts";
export { type LogOptions, startLogging } from "./logging.ts";
export { Manager, type ManagerOptions } from "./manager.ts";
export type { JsonObject } from "./wire/message.ts";
export type { ClientIdentity } from "./wire/identities.ts";
export type { Prompt } from "./base/prompt.ts";
export type { ConnectionChange, ConnectionHandler } from "./device/connector.ts";
export type {
  Keywords,
  Known,
  Left,
  Members,
  Positional,
  RemoteArguments,
  RemoteAttribute,
  RemoteMethod,
  RemoteOverloads,
  RemoteResult,
} from "./client/remote.ts";
export { type RunOptions, runServices } from "./program/run.ts";
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
  ServiceStatus,
  StatusTotals,
  TrafficStatus,
} from "./wire/status.ts";
export { Stream } from "./client/stream.ts";
export type { Task } from "./base/callbacks.ts";
export { VERSION } from "./version.ts";
export type { WorkerOptions } from "./service/worker_pool.ts";
