import { assertEquals, assertNotEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ConfigurationError } from "../../errors.ts";
import { LIMITS } from "../../limits.ts";
import { listen } from "../../net/listener.ts";
import { type GatewayPorts, Gateways } from "../../web/gateways.ts";

const LOOPBACK = ["127.0.0.1"];
const PLACE = {
  addresses: LOOPBACK,
  credentials: undefined,
  hosts: { certificateNames: () => Promise.resolve(["lab-pc"]) },
};

/** Gateways that serve, with what they answer to each path at each port. */
async function answers(ports: GatewayPorts): Promise<Record<string, number[]>> {
  const gateways = await Gateways.listen(ports, PLACE);
  gateways.open({
    limits: LIMITS,
    monitoring: {
      metrics: () => "",
      checkReady: () => Promise.resolve(),
      logIn: () => Promise.resolve(false),
    },
    serve: () => Promise.resolve(),
    onLost: (error) => {
      throw error;
    },
  });
  const { webPort, metricsPort } = gateways;
  const statuses: Record<string, number[]> = {};
  for (const path of ["/client.js", "/metrics", "/healthz"]) {
    statuses[path] = [];
    for (const port of new Set([webPort, metricsPort])) {
      if (port === undefined) continue;
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        headers: { connection: "close" },
      });
      await response.body?.cancel();
      statuses[path].push(response.status);
    }
  }
  assertEquals(gateways.status("lab-pc") !== null, webPort !== undefined);
  await gateways.close();
  return statuses;
}

Deno.test("the metrics are on the port of the pages, if they have none of their own", async () => {
  assertEquals(await answers({ web: 0 }), {
    "/client.js": [200],
    "/metrics": [200],
    "/healthz": [200],
  });
});

Deno.test("metrics with a port of their own are not on that of the pages, and no page is on theirs", async () => {
  assertEquals(await answers({ web: 0, metrics: 0 }), {
    "/client.js": [200, 404],
    "/metrics": [404, 200],
    "/healthz": [200, 200],
  });
});

Deno.test("there may be metrics without pages, and neither", async () => {
  assertEquals(await answers({ metrics: 0 }), {
    "/client.js": [404],
    "/metrics": [200],
    "/healthz": [200],
  });
  using none = await Gateways.listen({}, PLACE);
  assertEquals([none.webPort, none.metricsPort, none.status("lab-pc")], [
    undefined,
    undefined,
    null,
  ]);
});

Deno.test({
  name: "the port of the pages is closed again if that of the metrics is in use",
  sanitizeResources: true, // which finds a listener that is open
  fn: async () => {
    const [taken] = listen(LOOPBACK, 0, undefined);
    const error = await assertRejects(
      () => Gateways.listen({ web: 0, metrics: taken.port }, PLACE),
      ConfigurationError,
    );
    assertStringIncludes(error.message, "--metrics");
    taken.close();
  },
});

Deno.test({
  name: "ports at which nothing was served are closed",
  sanitizeResources: true,
  fn: async () => {
    using gateways = await Gateways.listen({ web: 0, metrics: 0 }, PLACE);
    assertNotEquals(gateways.webPort, gateways.metricsPort);
  },
});
