/** A Client that calls the Service of `meter.ts`. */

import { connect } from "../../../client.ts";

await using client = await connect(JSON.parse(Deno.args[0]));
const meter = await client.link<{ read(): number }>("Meter");
console.log(await meter.read());
