/**
 * What every entry point with a Client exports: the Client, the arguments of a call, the Futures and
 * Streams that a call returns, the errors, and their types.
 *
 * @module
 */

export { Client, type CommonClientOptions, type ShutdownHandler } from "./client.ts";
export * from "../device/exports.ts";
export { type CallOptions, MarkedOptions, options } from "../wire/call.ts";
export {
  type CompletedFutures,
  Future,
  type FutureIterator,
  type FutureOptions,
  type FutureWithResolvers,
  type ReturnWhen,
  type ValueOf,
  type WaitOptions,
} from "../future.ts";
export type { ClientIdentity, Identities, ServiceEntry, ServiceUser } from "../wire/identities.ts";
export type {
  Link,
  LinkMembers,
  LinkOptions,
  NotificationHandler,
  NotRemote,
  Remote,
  RemoteLogging,
  RequestOptions,
  ServiceErrorHandler,
  UnknownRemote,
} from "./link.ts";
export type { JsonObject } from "../wire/message.ts";
export type { ConnectionHandler } from "../device/connector.ts";
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
} from "./remote.ts";
export { Stream } from "./stream.ts";
