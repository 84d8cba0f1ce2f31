/** The names that users import. */

import { assert, assertEquals } from "@std/assert";
import * as client from "../client.ts";
import * as mod from "../mod.ts";
import * as service from "../service.ts";
import { exportLists } from "./support/export_lists.ts";
import * as web from "../web/mod.ts";

Deno.test("mod.ts exports these names", () => {
  assertEquals(Object.keys(mod).sort(), [
    "AttributeError",
    "CancelledError",
    "CertificateDateError",
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
    "NdArray",
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
    "runUntilEnd",
    "setLoggingLevel",
    "startLogging",
    "startManager",
  ]);
});

Deno.test("client.ts exports what a program needs that only connects", () => {
  assertEquals(Object.keys(client).sort(), [
    "CancelledError",
    "CertificateDateError",
    "CertificateError",
    "Client",
    "ConfigurationError",
    "ConnectError",
    "ConnectionAbortedError",
    "Future",
    "JSONDecodeError",
    "Kwargs",
    "MarkedOptions",
    "NdArray",
    "NetworkError",
    "RemoteError",
    "Stream",
    "TimeoutError",
    "TlsMismatchError",
    "ValueError",
    "connect",
    "kwargs",
    "options",
  ]);
});

Deno.test("service.ts exports what a Service needs", () => {
  assertEquals(Object.keys(service).sort(), [
    "AttributeError",
    "CancelledError",
    "CertificateDateError",
    "CertificateError",
    "ConfigurationError",
    "ConnectError",
    "ConnectionAbortedError",
    "JSONDecodeError",
    "KeyError",
    "Kwargs",
    "NameError",
    "NdArray",
    "NetworkError",
    "PermissionError",
    "RemoteError",
    "Service",
    "TimeoutError",
    "TlsMismatchError",
    "ValueError",
    "WorkerError",
    "kwargs",
  ]);
});

for (const [name, entry] of Object.entries({ client, service })) {
  Deno.test(`${name}.ts exports the same classes and functions as mod.ts`, () => {
    const all: Record<string, unknown> = mod;
    const others = Object.entries(entry).filter(([name, value]) => all[name] !== value);
    assertEquals(others, []);
  });
}

Deno.test("every type that client.ts or service.ts exports is one of mod.ts too", () => {
  const all = exportLists("mod.ts").names;
  for (const file of ["client/exports.ts", "client.ts", "service.ts"]) {
    const { names } = exportLists(file);
    assert(names.has("DeviceOptions") || names.has("ConnectOptions"), `no names in ${file}`);
    assertEquals([...names.difference(all)], [], file);
  }
});

Deno.test("the entry for browsers exports the same classes as client.ts", () => {
  const [own, all]: Record<string, unknown>[] = [web, client];
  const others = Object.keys(all).filter((name) => own[name] !== all[name]);
  assertEquals(others, ["connect"]);
});
