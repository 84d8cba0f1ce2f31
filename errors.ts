/**
 * Every error that this package throws or sends, one class for each cause.
 *
 * On the wire an error is the text `ClassName: text`. The class names that Python programs compare
 * (`ValueError`, `KeyError`, ...) are the `name` of our classes, so that any error, ours or the
 * user's own, becomes a text of the wire in the same way: {@linkcode wireMessage}.
 *
 * @module
 */

import { repr } from "./base/repr.ts";

/**
 * The base of every error of this package. `docs/troubleshooting.md` lists the codes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { NetworkError, ValueError } from "@msl/network";
 *
 * const error = new ValueError("the range is negative");
 * assertEquals(error instanceof NetworkError, true);
 * assertEquals([error.name, error.code], ["ValueError", "VALUE"]);
 * ```
 */
export class NetworkError extends Error {
  /** The cause as a constant, e.g. `"TIMEOUT"`. It never changes, while the message may. */
  readonly code: string;

  /** For subclasses. `name` is the class name on the wire. */
  constructor(name: string, code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
    this.code = code;
  }
}

/**
 * A value of the right type that is not acceptable. Its `code` is `"VALUE"`.
 *
 * Thrown by functions that parse a text or a number, e.g. `setLoggingLevel("loud")`. A call rejects
 * with it when its reply is longer than the option `readLimit`. A Manager or a Service that rejects a
 * value sends `ValueError: text`, which a Client receives as a {@linkcode RemoteError}. A method of a
 * Service may throw it for its own arguments.
 *
 * @example
 * ```ts
 * import { Service, ValueError } from "@msl/network";
 *
 * class Heater extends Service {
 *   set(temperature: number): void {
 *     if (temperature > 300) throw new ValueError(`Cannot set ${temperature}: the limit is 300`);
 *   }
 * }
 * ```
 */
export class ValueError extends NetworkError {
  /** Creates it with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("ValueError", "VALUE", message, options);
  }
}

/**
 * A name that does not exist. Its `code` is `"KEY"`.
 *
 * A Manager sends it as `KeyError: repr(text)`, which is Python's form, for a request to a service
 * that is not connected or not linked, and for a message without a key that it must have. A Client
 * receives it as a {@linkcode RemoteError}. A method of a Service may throw it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { KeyError } from "@msl/network";
 *
 * assertEquals(new KeyError("no channel 7").message, "'no channel 7'");
 * ```
 */
export class KeyError extends NetworkError {
  /** Creates it with the text that Python code passes to `KeyError`. */
  constructor(text: string, options?: ErrorOptions) {
    super("KeyError", "KEY", repr(text), options);
  }
}

/**
 * A request that is understood and rejected. Its `code` is `"PERMISSION"`.
 *
 * A Manager or a Service sends `PermissionError: text` when a service is locked, has its maximum number
 * of Clients or is not for this user, when an attribute is private, and after too many failed logins. A
 * Client receives it as a {@linkcode RemoteError}. A method of a Service may throw it.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { connect, RemoteError } from "@msl/network";
 *
 * await using cxn = await connect();
 * const lab = await cxn.link("Lab");
 * const error = await lab.request("_secret").exception();
 * if (error instanceof RemoteError) console.log(error.remoteName); // "PermissionError"
 * ```
 */
export class PermissionError extends NetworkError {
  /** Creates it with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("PermissionError", "PERMISSION", message, options);
  }
}

/**
 * A name that is in use. Its `code` is `"NAME"`.
 *
 * A Manager sends `NameError: text` to a Service when a service of that name is connected already;
 * `start()` rejects with it as a {@linkcode RemoteError}.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { RemoteError, Service } from "@msl/network";
 *
 * class Lab extends Service {}
 * try {
 *   await new Lab().start();
 * } catch (error) {
 *   if (error instanceof RemoteError) console.log(error.remoteName); // "NameError"
 * }
 * ```
 */
export class NameError extends NetworkError {
  /** Creates it with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("NameError", "NAME", message, options);
  }
}

/**
 * An attribute that does not exist. Its `code` is `"ATTRIBUTE"`.
 *
 * A Service, or the Manager for its own methods, sends `AttributeError: text`. A Client receives it as a
 * {@linkcode RemoteError}.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { connect, RemoteError } from "@msl/network";
 *
 * await using cxn = await connect();
 * const lab = await cxn.link("Lab");
 * const error = await lab.ad(1, 2).exception();
 * if (error instanceof RemoteError) console.log(error.remoteName); // "AttributeError"
 * ```
 */
export class AttributeError extends NetworkError {
  /** Creates it with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("AttributeError", "ATTRIBUTE", message, options);
  }
}

/**
 * A line that is not a JSON object. Its `code` is `"JSON_DECODE"`.
 *
 * A Manager or a Service that cannot read a line sends `JSONDecodeError: text`. A call of a Client
 * rejects with this class when the reply to it cannot be read.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { connect, JSONDecodeError } from "@msl/network";
 *
 * await using cxn = await connect();
 * const lab = await cxn.link("Lab");
 * try {
 *   await lab.read();
 * } catch (error) {
 *   if (error instanceof JSONDecodeError) console.error(`The Service is defective: ${error.message}`);
 * }
 * ```
 */
export class JSONDecodeError extends NetworkError {
  /** Creates it with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("JSONDecodeError", "JSON_DECODE", message, options);
  }
}

/**
 * The connection, the link or the Manager has ended. Its `code` is `"CONNECTION_ABORTED"`.
 *
 * A request rejects with it when the connection ends before the reply, and it is unknown then whether
 * the request was carried out. `link()`, a call of a link that has ended, `emitNotification()` and
 * `addTasks()` fail with it after the end, and `start()` of a Service that was started before. It is also the reason of the signal of tasks and requests. A
 * Manager that shuts down, or whose Service has disconnected, sends `ConnectionAbortedError: text`,
 * which a Client receives as a {@linkcode RemoteError}.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { connect, ConnectionAbortedError } from "@msl/network";
 *
 * await using cxn = await connect();
 * const lab = await cxn.link("Lab");
 * try {
 *   await lab.measure();
 * } catch (error) {
 *   if (error instanceof ConnectionAbortedError) console.error(`No result: ${error.message}`);
 * }
 * ```
 */
export class ConnectionAbortedError extends NetworkError {
  /** Creates it with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("ConnectionAbortedError", "CONNECTION_ABORTED", message, options);
  }
}

/**
 * Something did not happen in time. Its `code` is `"TIMEOUT"`; the message has the time-out.
 *
 * The `timeout` of a call, of `result()`, of `link()` or of `connect()`, for example. The Future of a
 * call stays pending then, and a later `result()` still gives its value; that of `link()` is cancelled.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { connect, options, TimeoutError } from "@msl/network";
 *
 * await using cxn = await connect();
 * const lab = await cxn.link("Lab");
 * try {
 *   await lab.measure(options({ timeout: 5_000 })); // milliseconds
 * } catch (error) {
 *   if (error instanceof TimeoutError) console.error(error.message);
 * }
 * ```
 */
export class TimeoutError extends NetworkError {
  /** Creates it with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("TimeoutError", "TIMEOUT", message, options);
  }
}

/**
 * A Future or a Stream was cancelled without a reason of its own, or a person has interrupted a
 * prompt. Its `code` is `"CANCELLED"`.
 *
 * It is also the reason of the signal `this.request.signal` of a method whose request was cancelled.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { CancelledError, Future } from "@msl/network";
 *
 * const { future } = Future.withResolvers<number>();
 * future.cancel();
 * const error = await future.catch((error) => error);
 * assertEquals(error instanceof CancelledError, true);
 * ```
 */
export class CancelledError extends NetworkError {
  /** Creates it with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("CancelledError", "CANCELLED", message, options);
  }
}

/**
 * No connection to the Manager could be opened: its name is unknown, nothing listens on the port, or
 * the computer does not answer. Its `code` is `"CANNOT_CONNECT"`.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { connect, ConnectError } from "@msl/network";
 *
 * try {
 *   await using _cxn = await connect({ host: "lab-pc", port: 1875 });
 * } catch (error) {
 *   if (error instanceof ConnectError) console.error("Is the Manager running?");
 * }
 * ```
 */
export class ConnectError extends NetworkError {
  /** Creates it with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("ConnectError", "CANNOT_CONNECT", message, options);
  }
}

/**
 * One side uses TLS and the other does not. Its `code` is `"TLS_MISMATCH"`; the message says which side.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { connect, TlsMismatchError } from "@msl/network";
 *
 * try {
 *   await using _cxn = await connect({ disableTls: true });
 * } catch (error) {
 *   if (error instanceof TlsMismatchError) console.error(error.message);
 * }
 * ```
 */
export class TlsMismatchError extends NetworkError {
  /** Creates it with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("TlsMismatchError", "TLS_MISMATCH", message, options);
  }
}

/**
 * The certificate of the Manager is not trusted, was made for another name, or its file cannot be read.
 * Its `code` is `"CERTIFICATE"`; the message names the file.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { CertificateError, connect } from "@msl/network";
 *
 * try {
 *   await using _cxn = await connect({ certFile: "lab-pc.crt" });
 * } catch (error) {
 *   if (error instanceof CertificateError) console.error(error.message);
 * }
 * ```
 */
export class CertificateError extends NetworkError {
  /** Creates it with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("CertificateError", "CERTIFICATE", message, options);
  }
}

/**
 * The certificate of the Manager has expired, or is not valid yet: perhaps the clock of this computer is
 * wrong. Its `code` is `"CERTIFICATE_DATE"`; the message has the dates and the time of the clock. A
 * device that reconnects, or waits for the first connection, tries again.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { CertificateDateError, connect } from "@msl/network";
 *
 * try {
 *   await using _cxn = await connect();
 * } catch (error) {
 *   if (error instanceof CertificateDateError) console.error(error.message);
 * }
 * ```
 */
export class CertificateDateError extends NetworkError {
  /** Creates it with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("CertificateDateError", "CERTIFICATE_DATE", message, options);
  }
}

/**
 * An option, a file or a port cannot be used, e.g. a private key that other users can read, or a port
 * that is in use. Its `code` is `"CONFIGURATION"`; the message says which and what to do.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { ConfigurationError, startLogging } from "@msl/network";
 *
 * try {
 *   await using _logging = await startLogging("info", "/read-only/lab.log");
 * } catch (error) {
 *   if (error instanceof ConfigurationError) console.error(error.message);
 * }
 * ```
 */
export class ConfigurationError extends NetworkError {
  /** Creates it with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("ConfigurationError", "CONFIGURATION", message, options);
  }
}

/**
 * A worker that ran a method of a Service has crashed, or more calls wait for a worker than the option
 * `queue` allows. Its `code` is `"WORKER"`. A Client receives it as a {@linkcode RemoteError}.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { connect, RemoteError } from "@msl/network";
 *
 * await using cxn = await connect();
 * const lab = await cxn.link("Lab");
 * const error = await lab.simulate().exception();
 * if (error instanceof RemoteError) console.log(error.remoteName); // "WorkerError"
 * ```
 */
export class WorkerError extends NetworkError {
  /** Creates it with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("WorkerError", "WORKER", message, options);
  }
}

/**
 * A queue has reached its limit, and takes no more. Its `code` is `"QUEUE_FULL"`; the message has the
 * limit and the option that changes it.
 *
 * `emitNotification()` throws it when too much waits for the Manager to read it. Nothing is sent then,
 * and the connection goes on. A Service that awaits each `emitNotification()` does not get it.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { QueueFullError, Service } from "@msl/network";
 *
 * const service = new Service({ name: "Thermometer" });
 * await service.start();
 * try {
 *   service.emitNotification(21.5);
 * } catch (error) {
 *   if (error instanceof QueueFullError) console.error("The Manager is too slow");
 * }
 * ```
 */
export class QueueFullError extends NetworkError {
  /** Creates it with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("QueueFullError", "QUEUE_FULL", message, options);
  }
}

/**
 * A Manager on another computer did not start. Its `code` is `"CANNOT_START"`; the message has the output
 * of `ssh` and of the command.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { StartError, startManager } from "@msl/network";
 *
 * try {
 *   await using _manager = await startManager("lab-pc", "msl-network start");
 * } catch (error) {
 *   if (error instanceof StartError) console.error(error.message);
 * }
 * ```
 */
export class StartError extends NetworkError {
  /** Creates it with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("StartError", "CANNOT_START", message, options);
  }
}

/**
 * The error with which the Manager or a Service has answered a request. Its `code` is `"REMOTE"`.
 *
 * Its `message` is the text that was sent and, where the Client knows how to mend the call, a hint: the
 * name that was probably meant, or how the method is called. Compare `remoteName` or `remoteMessage`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { RemoteError } from "@msl/network";
 *
 * const error = new RemoteError("ValueError: the range is negative");
 * assertEquals(error.remoteName, "ValueError");
 * ```
 */
export class RemoteError extends NetworkError {
  /** The name of its class on the other side, e.g. `"ValueError"`; empty if none was sent. */
  readonly remoteName: string;
  /** The text as it was sent, `ClassName: text`, without the hint of the Client. */
  readonly remoteMessage: string;
  /** The hint of the Client, which `message` ends with; empty if it has none. */
  readonly hint: string;
  /** The lines of the traceback on the other side. Often empty. */
  readonly traceback: readonly string[];

  /**
   * Creates it from an error reply.
   *
   * @param message The text exactly as it was sent, `ClassName: text`.
   * @param traceback The lines of the traceback as they were sent.
   */
  constructor(message: string, traceback: readonly string[] = [], options?: ErrorOptions) {
    super("RemoteError", "REMOTE", message, options);
    const colon = message.indexOf(": ");
    this.remoteName = colon > 0 && !message.slice(0, colon).includes(" ")
      ? message.slice(0, colon)
      : "";
    this.traceback = traceback;
    this.remoteMessage = message;
    this.hint = "";
    // An error that is printed has these in its message.
    for (const name of ["remoteMessage", "hint"]) {
      Object.defineProperty(this, name, { enumerable: false, writable: true });
    }
  }
}

/**
 * Adds a hint to the message of an error.
 *
 * @param message The text before it. Default: as it was sent.
 */
export function addHint(
  error: RemoteError,
  hint: string,
  message: string = error.remoteMessage,
): void {
  (error as { hint: string }).hint = hint;
  error.message = `${message}. ${hint}`;
}

/** The longest text of an object that was thrown and is no error, in characters. */
const LONGEST_OBJECT = 1_000;

/**
 * The text of an error on the wire, `ClassName: text`. A {@linkcode RemoteError} that is thrown again
 * keeps the text that was received. Never throws, whatever was thrown.
 */
export function wireMessage(error: unknown): string {
  try {
    if (error instanceof RemoteError) return String(error.remoteMessage);
    if (error instanceof Error) return `${nameOf(error)}: ${error.message}`;
    return typeof error === "object" && error !== null
      ? objectMessage(error)
      : `Error: ${String(error)}`;
  } catch {
    return "Error: what was thrown cannot be shown as text"; // any value can be thrown
  }
}

/** The text of an error for a person: as {@linkcode wireMessage}, and with its hint. Never throws. */
export function shownMessage(error: unknown): string {
  return error instanceof RemoteError ? error.message : wireMessage(error);
}

/** The text of an object that is no error of this realm: it may be one of another, or any object. */
function objectMessage(thrown: { name?: unknown; message?: unknown }): string {
  const { name, message } = thrown;
  if (typeof message === "string") {
    return `${typeof name === "string" && name !== "" ? name : "Error"}: ${message}`;
  }
  const text = String(thrown);
  if (!text.startsWith("[object ")) return `Error: ${text}`;
  const written = JSON.stringify(thrown) ?? text;
  // JSON has nothing of a Promise, a Map or an object of a class without properties: its class says more.
  const json = written === "{}" ? `[object ${thrown.constructor.name}]` : written;
  return `Error: ${json.length > LONGEST_OBJECT ? `${json.slice(0, LONGEST_OBJECT)}...` : json}`;
}

/** The own name of an error or of its class, else the class name: a subclass inherits a name. */
function nameOf(error: Error): string {
  const isOwn = Object.hasOwn(error, "name") ||
    Object.hasOwn(Object.getPrototypeOf(error), "name");
  return isOwn ? error.name : error.constructor.name || error.name;
}
