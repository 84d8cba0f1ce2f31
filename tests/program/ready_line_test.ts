import { assertEquals } from "@std/assert";
import { formatReadyLine, parseReadyLine } from "../../program/ready_line.ts";

Deno.test("the line is that of the Python software, and is parsed", () => {
  const line = "Network Manager running on lab-pc:1875 (TLS ENABLED)";
  const said = { hostname: "lab-pc", port: 1875, tls: true };
  assertEquals(formatReadyLine(said), line);
  assertEquals(parseReadyLine(line), said);
  assertEquals(parseReadyLine(`Starting ... ${line}`), said);
});

Deno.test("the host may be an IPv6 address", () => {
  const said = { hostname: "fe80::1%eth0", port: 1, tls: false };
  assertEquals(parseReadyLine(formatReadyLine(said)), said);
});

Deno.test("the line has the address of the web pages, if there are some", () => {
  const said = { hostname: "lab-pc", port: 1875, tls: true, webPort: 1876 };
  const line =
    "Network Manager running on lab-pc:1875 (TLS ENABLED) (web page https://lab-pc:1876)";
  assertEquals(formatReadyLine(said), line);
  assertEquals(parseReadyLine(line), said);
  const plain = { hostname: "::1", port: 1, tls: false, webPort: 2 };
  assertEquals(formatReadyLine(plain).split("web page ")[1], "http://[::1]:2)");
  assertEquals(parseReadyLine(formatReadyLine(plain)), plain);
});

Deno.test("the line has the address of the metrics, if they have a port of their own", () => {
  const said = { hostname: "lab-pc", port: 1875, tls: true, metricsPort: 1877 };
  const line = "Network Manager running on lab-pc:1875 (TLS ENABLED)";
  assertEquals(formatReadyLine(said), `${line} (metrics https://lab-pc:1877/metrics)`);
  for (const one of [said, { ...said, webPort: 1876 }]) {
    assertEquals(parseReadyLine(formatReadyLine(one)), one);
  }
});

Deno.test("other lines are not parsed", () => {
  for (
    const line of [
      "",
      "Network Manager running on lab-pc:1875",
      "Network Manager running on lab-pc:1875 (TLS ENABLED) soon",
      "Network Manager running on lab-pc (TLS ENABLED)",
      "Network Manager running on lab pc:1875 (TLS ENABLED)",
      "network manager running on lab-pc:1875 (TLS ENABLED)",
    ]
  ) assertEquals(parseReadyLine(line), undefined, line);
});
