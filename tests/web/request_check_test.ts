import { assert, assertEquals } from "@std/assert";
import fc from "../support/properties.ts";
import { checkRequest } from "../../web/request_check.ts";

const ALLOWED = {
  hosts: ["lab-pc", "lab-pc.example.org"],
  origins: ["https://panel.example.org", "https://proxy.example.org:8443"],
  tls: true,
};

function check(url: string, headers: string[] = ["Host", "lab-pc:1876"], method = "GET") {
  const checked = checkRequest({ method, url, rawHeaders: headers }, ALLOWED);
  return checked.state === "allowed" ? checked.path : checked.status;
}

Deno.test("a request by a name of the Manager, or by any address, is answered", () => {
  const hosts = [
    "lab-pc",
    "LAB-PC:1876",
    "lab-pc.example.org:1",
    "localhost:1876",
    "10.0.0.7:1876",
  ];
  for (const host of [...hosts, "[::1]:1876", "[fe80::1]", "proxy.example.org:8443"]) {
    assertEquals(check("/x", ["host", host]), "/x", host);
  }
});

Deno.test("a request by another name gets nothing, so that DNS cannot make a page one of ours", () => {
  for (
    const host of ["evil.org", "lab-pc.evil.org:1876", "proxy.example.org", "1.2.3.4.evil.org"]
  ) {
    assertEquals(check("/x", ["Host", host]), 421, host);
  }
});

Deno.test("there is one Host header, and it is a host", () => {
  assertEquals(check("/x", []), 400);
  assertEquals(check("/x", ["Host", "lab-pc", "Host", "lab-pc"]), 400);
  assertEquals(check("/x", ["Host", "lab-pc", "hOST", "evil.org"]), 400);
  for (
    const host of ["", "lab-pc/x", "a@lab-pc", "lab-pc:1:2", "lab-pc:x", "[::1", "::1", "lab pc"]
  ) {
    assertEquals(check("/x", ["Host", host]), 400, host);
  }
});

Deno.test("a page of another site is refused, whatever it is called", () => {
  const from = (origin: string, host = "lab-pc:1876") =>
    check("/ws", ["Host", host, "Origin", origin]);
  assertEquals(from("https://lab-pc:1876"), "/ws");
  assertEquals(from("https://10.0.0.7:1876", "10.0.0.7:1876"), "/ws");
  assertEquals(from("https://panel.example.org"), "/ws");
  for (
    const origin of [
      "http://lab-pc:1876", // without TLS: anybody on the way may have written it
      "https://lab-pc", // another port is another program
      "https://lab-pc:1877",
      "https://evil.org",
      "https://lab-pc:1876.evil.org",
      "https://panel.example.org.evil.org",
      "null",
      "",
    ]
  ) assertEquals(from(origin), 403, origin);
  assertEquals(check("/ws", ["Host", "lab-pc", "Origin", "https://lab-pc", "Origin", "x"]), 400);
});

Deno.test("only GET and HEAD without a body are answered", () => {
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get"]) {
    assertEquals(check("/x", undefined, method), 405, method);
  }
  assertEquals(check("/x", undefined, "HEAD"), "/x");
  assertEquals(check("/x", ["Host", "lab-pc", "Content-Length", "5"]), 400);
  assertEquals(check("/x", ["Host", "lab-pc", "Transfer-Encoding", "chunked"]), 400);
});

Deno.test("a path does not leave the root, however it is written", () => {
  assertEquals(check("/lab/a%20b/%C3%A9.html?x=../y"), "/lab/a b/é.html");
  for (
    const target of [
      "/../x",
      "/lab/../../etc/passwd",
      "/lab/%2e%2e/x",
      "/lab/%2E./x",
      "/lab/..%2fx",
      "/lab/..%5cx",
      "/lab\\..\\x",
      "/lab/%00",
      "/lab/%0d%0aSet-Cookie: x",
      "/lab/%",
      "/lab/%ff",
      "/lab/./x",
      "http://lab-pc:1876/x",
      "//evil.org/x y",
      "*",
      "x",
      "",
      "/x#y",
    ]
  ) assertEquals(check(target), 400, target);
});

Deno.test("whatever is asked for, the path that is answered is one below the root", () => {
  const part = fc.oneof(
    fc.string(),
    fc.constantFrom("..", "%2e%2e", "%2f", "%5c", "/", ".", "%00"),
  );
  fc.assert(fc.property(fc.array(part).map((parts) => parts.join("/")), (target) => {
    const path = check(target);
    if (typeof path === "number") return;
    assert(path.startsWith("/"));
    assert(!path.split(/[/\\]/).some((one) => one === ".." || one === "."), path);
    // deno-lint-ignore no-control-regex
    assert(!/[\x00-\x1f]/.test(path), path);
  }));
});
