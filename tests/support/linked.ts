/** A Manager, a Service of the test, and a Client that is linked with it. */

import { type Client, connect, type Link, type ManagerOptions, type Service } from "../../mod.ts";
import type { TestManager } from "../../testing.ts";
import { ONE_MANAGER, type Site } from "./places.ts";

/** A Manager, a Service of the test, and a Client that is linked with it. */
export interface Linked<S extends Service> extends AsyncDisposable {
  site: Site;
  /** The Manager of the Client, perhaps another one than that of the Service. */
  manager: TestManager;
  service: S;
  client: Client;
  link: Link<S>;
}

/** Starts all three, at one Manager or elsewhere. Disposal shuts the Service down too. */
export async function linked<S extends Service>(
  service: S,
  options: ManagerOptions = {},
  place = ONE_MANAGER,
): Promise<Linked<S>> {
  await using stack = new AsyncDisposableStack();
  const site = stack.use(await place.open(options));
  stack.use(service);
  await service.start(site.home.connectOptions);
  await site.knows(service.name);
  const { manager } = site;
  const client = stack.use(await connect(manager.connectOptions));
  const link = await client.link<S>(site.nameOf(service.name));
  const whole = stack.move();
  const dispose = () => whole.disposeAsync();
  return { site, manager, service, client, link, [Symbol.asyncDispose]: dispose };
}
