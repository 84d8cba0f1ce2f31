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
