/** The gateway behind a reverse proxy: another origin, below a path, with either Host. */

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { WebSocket as NodeWebSocket } from "ws";
import { ConnectError, Service } from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { connect } from "../../web/client.ts";
import { temporaryFolder } from "../support/folder.ts";
import { PathProxy } from "../support/path_proxy.ts";

class Echo extends Service {
  echo(text: string): string {
    return text;
  }
}

/** The WebSocket of a page from an origin, as a browser has it. */
function webSocketOf(origin: string): typeof WebSocket {
  return class extends NodeWebSocket {
    constructor(url: string, subprotocol: string) {
      super(url, subprotocol, { headers: { Origin: origin } });
    }
  } as unknown as typeof WebSocket;
}

/** Starts a Manager with TLS that knows the origin, and tells the proxies where it is. */
async function start(origin: string, webRoot: string, proxies: PathProxy[]): Promise<TestManager> {
  await Deno.mkdir(join(webRoot, "panel"), { recursive: true });
  await Deno.writeTextFile(join(webRoot, "panel", "index.html"), "<title>panel</title>");
  const manager = await TestManager.start({ web: 0, webRoot, webOrigin: [origin] });
  const cert = await Deno.readTextFile(manager.connectOptions.certFile!);
  for (const proxy of proxies) proxy.forwardTo(manager.manager.webPort!, cert);
  return manager;
}

Deno.test("pages behind a proxy work below its path, with its Host or that of the Manager", async () => {
  await using folder = await temporaryFolder();
  for (const host of [undefined, "localhost:1876"]) {
    using proxy = new PathProxy({ path: "/network", host });
    await using manager = await start(proxy.origin, folder.path, [proxy]);
    await using service = new Echo();
    await service.start(manager.connectOptions);

    const url = `${proxy.origin}/network/`;
    const page = await (await fetch(url)).text();
    assertMatch(page, /src="assets\/page\.js"/); // relative: it is below the path
    assertEquals((await fetch(`${url}assets/page.js`).then(discard)).status, 200);
    const moved = await fetch(`${url}lab/panel`).then(discard);
    assertEquals([moved.status, moved.url], [200, `${url}lab/panel/`]);

    await using client = await connect({ url, WebSocket: webSocketOf(proxy.origin) });
    const echo = await client.link<Echo>("Echo");
    assertEquals(await echo.echo("x".repeat(100_000)), "x".repeat(100_000));
  }
});

Deno.test("a proxy that the Manager does not know is refused, whatever Host it sends", async () => {
  await using folder = await temporaryFolder();
  const hosts = ["localhost", "lab.example.org", "evil.example.org"];
  const [own, known, unknown] = hosts.map((host) => new PathProxy({ path: "/network", host }));
  using _own = own;
  using _known = known;
  using _unknown = unknown;
  const origin = "https://lab.example.org";
  await using _manager = await start(origin, folder.path, [own, known, unknown]);
  const statusOf = async ({ origin }: PathProxy) =>
    (await fetch(`${origin}/network/`).then(discard)).status;
  assertEquals(await Promise.all([own, known, unknown].map(statusOf)), [200, 200, 421]);
  for (const proxy of [own, known]) {
    const connectFrom = (origin: string) =>
      connect({ url: `${proxy.origin}/network`, WebSocket: webSocketOf(origin) });
    await assertRejects(() => connectFrom(proxy.origin), ConnectError);
    await using _client = await connectFrom(origin);
  }
});

async function discard(answer: Response): Promise<Response> {
  await answer.body?.cancel();
  return answer;
}
