/** A Manager, a Service of the test, and a Client that is linked with it. */

import { type Client, connect, type Link, type ManagerOptions, type Service } from "../../mod.ts";
import { TestManager } from "../../testing.ts";

/** A Manager, a Service of the test, and a Client that is linked with it. */
export interface Linked<S extends Service> extends AsyncDisposable {
  manager: TestManager;
  service: S;
  client: Client;
  link: Link<S>;
}

/** Starts all three. Disposal shuts the Service down too. */
export async function linked<S extends Service>(
  service: S,
  options: ManagerOptions = {},
): Promise<Linked<S>> {
  await using stack = new AsyncDisposableStack();
  const manager = stack.use(await TestManager.start(options));
  stack.use(service);
  await service.start(manager.connectOptions);
  const client = stack.use(await connect(manager.connectOptions));
  const link = await client.link<S>(service.name);
  const whole = stack.move();
  return { manager, service, client, link, [Symbol.asyncDispose]: () => whole.disposeAsync() };
}
