/** A script with two Services, as a user would write it. `TWICE` gives both the same name. */

import { parseStartOptions, runServices, Service } from "../../../mod.ts";

class Camera extends Service {
  shutdownService(): void {}

  override async shutdownHandler(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve));
    console.error("Camera: the shutter is closed");
  }
}

class Lamp extends Service {
  constructor() {
    super({ name: Deno.env.get("TWICE") ? "Camera" : "Lamp" });
  }

  shutdownService(): void {}
}

await runServices(new Camera(), new Lamp(), {
  ...parseStartOptions(),
  username: Deno.env.get("LAB_USERNAME"),
  password: Deno.env.get("LAB_PASSWORD"),
});
