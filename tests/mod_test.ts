/** The names that users import. */

import { assertEquals } from "@std/assert";
import * as mod from "../mod.ts";

Deno.test("mod.ts exports these names", () => {
  assertEquals(Object.keys(mod).sort(), [
    "AttributeError",
    "CancelledError",
    "CertificateError",
    "Client",
    "ConfigurationError",
    "ConnectError",
    "ConnectionAbortedError",
    "Future",
    "JSONDecodeError",
    "KeyError",
    "Kwargs",
    "LinkedClient",
    "Manager",
    "MarkedOptions",
    "NameError",
    "NetworkError",
    "PermissionError",
    "QueueFullError",
    "RemoteError",
    "Service",
    "StartError",
    "Stream",
    "TimeoutError",
    "TlsMismatchError",
    "VERSION",
    "ValueError",
    "WorkerError",
    "connect",
    "kwargs",
    "options",
    "parseStartOptions",
    "runServices",
    "setLoggingLevel",
    "startLogging",
    "startManager",
  ]);
});
