/**
 * What every entry point with a Client or a Service exports: keyword arguments, the errors that both
 * throw, and the types of a connection and of what a Service says of itself.
 *
 * @module
 */

export type {
  ArrayAbout,
  AttributeAbout,
  JsonSchema,
  ParameterAbout,
  ServiceAbout,
  ValueAbout,
} from "../wire/about.ts";
export type { ReconnectOptions } from "./retry.ts";
export { type KeywordArgument, Kwargs, kwargs } from "../wire/call.ts";
export type { DeviceOptions } from "./device_options.ts";
export {
  CancelledError,
  CertificateDateError,
  CertificateError,
  ConfigurationError,
  ConnectError,
  ConnectionAbortedError,
  JSONDecodeError,
  NetworkError,
  RemoteError,
  TimeoutError,
  TlsMismatchError,
  ValueError,
} from "../errors.ts";
export type { Prompt } from "../base/prompt.ts";
export type { ConnectionChange } from "./connector.ts";
export type { Task } from "../base/callbacks.ts";
