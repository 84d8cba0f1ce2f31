/** A Service that ends when it has connected, or (`--forever`) notifies until it is killed. */

import { Service } from "../../../service.ts";

class Meter extends Service {
  read(): number {
    return 1.5;
  }
}

const [options, forever] = Deno.args;
const meter = new Meter({ name: forever === undefined ? "Brief" : "Meter" });
await meter.start(JSON.parse(options));
console.log("connected");
if (forever === undefined) await meter.shutdown();
else setInterval(() => meter.emitNotification(1.5), 20);
