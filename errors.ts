/**
 * Every error that this package throws or sends, one class per cause.
 *
 * On the wire an error is the text `ClassName: text`. The class names that Python users match on
 * (`ValueError`, `KeyError`, ...) are the `name` of our classes, so any error, ours or the
 * user's own, becomes a wire text in the same way: {@linkcode wireMessage}.
 *
 * @module
 */

import { repr } from "./base/repr.ts";

/** The base of every error of this package. */
export class NetworkError extends Error {
  /** What went wrong, as a constant that never changes with the wording of the message. */
  readonly code: string;

  /** For subclasses. `name` is the class name that goes on the wire. */
  constructor(name: string, code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
    this.code = code;
  }
}

/** A value that is of the right type but not acceptable. Sent as `ValueError: text`. */
export class ValueError extends NetworkError {
  /** Made with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("ValueError", "VALUE", message, options);
  }
}

/** A name that is not known. Sent as `KeyError: repr(text)`, which is how Python shows it. */
export class KeyError extends NetworkError {
  /** Made with the text after the class name, as Python code would pass it. */
  constructor(text: string, options?: ErrorOptions) {
    super("KeyError", "KEY", repr(text), options);
  }
}

/** A request that is understood and refused. Sent as `PermissionError: text`. */
export class PermissionError extends NetworkError {
  /** Made with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("PermissionError", "PERMISSION", message, options);
  }
}

/** A name that is taken. Sent as `NameError: text`. */
export class NameError extends NetworkError {
  /** Made with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("NameError", "NAME", message, options);
  }
}

/** An attribute that does not exist. Sent as `AttributeError: text`. */
export class AttributeError extends NetworkError {
  /** Made with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("AttributeError", "ATTRIBUTE", message, options);
  }
}

/** A line that is not a message. Sent as `JSONDecodeError: text`. */
export class JSONDecodeError extends NetworkError {
  /** Made with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("JSONDecodeError", "JSON_DECODE", message, options);
  }
}

/** The connection ended before a request was answered. */
export class ConnectionAbortedError extends NetworkError {
  /** Made with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("ConnectionAbortedError", "CONNECTION_ABORTED", message, options);
  }
}

/** Something did not happen within its time. The message says what and how long, in milliseconds. */
export class TimeoutError extends NetworkError {
  /** Made with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("TimeoutError", "TIMEOUT", message, options);
  }
}

/** The Future was cancelled. */
export class CancelledError extends NetworkError {
  /** Made with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("CancelledError", "CANCELLED", message, options);
  }
}

/** No connection to the Manager could be opened. */
export class ConnectError extends NetworkError {
  /** Made with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("ConnectError", "CANNOT_CONNECT", message, options);
  }
}

/** One side speaks TLS and the other does not. */
export class TlsMismatchError extends NetworkError {
  /** Made with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("TlsMismatchError", "TLS_MISMATCH", message, options);
  }
}

/** The certificate of the Manager is not trusted, or not made for the name that was asked for. */
export class CertificateError extends NetworkError {
  /** Made with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("CertificateError", "CERTIFICATE", message, options);
  }
}

/** An option, a file or a port that the Manager cannot work with. */
export class ConfigurationError extends NetworkError {
  /** Made with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("ConfigurationError", "CONFIGURATION", message, options);
  }
}

/** A worker that ran a method of a Service crashed, or too many calls wait for one. */
export class WorkerError extends NetworkError {
  /** Made with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("WorkerError", "WORKER", message, options);
  }
}

/** A Manager on another computer did not start. */
export class StartError extends NetworkError {
  /** Made with the text after the class name. */
  constructor(message: string, options?: ErrorOptions) {
    super("StartError", "CANNOT_START", message, options);
  }
}

/** An error that the Manager or a Service answered a request with. */
export class RemoteError extends NetworkError {
  /** The name of the class on the other side, e.g. `"ValueError"`; empty where none was sent. */
  readonly remoteName: string;
  /** The lines of the traceback on the other side; often empty. */
  readonly traceback: readonly string[];

  /**
   * Made from an error reply.
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
  }
}

/**
 * The text that stands for an error on the wire, `ClassName: text`.
 * A {@linkcode RemoteError} that is passed on keeps the text it came with.
 */
export function wireMessage(error: unknown): string {
  if (error instanceof RemoteError) return error.message;
  try {
    return error instanceof Error
      ? `${nameOf(error)}: ${error.message}`
      : `Error: ${String(error)}`;
  } catch {
    return "Error: what was thrown cannot be shown as text"; // it may be anything
  }
}

/** The name that an error was given, or else that of its class: a subclass inherits its parent's. */
function nameOf(error: Error): string {
  const isOwn = Object.hasOwn(error, "name") ||
    Object.hasOwn(Object.getPrototypeOf(error), "name");
  return isOwn ? error.name : error.constructor.name || error.name;
}
