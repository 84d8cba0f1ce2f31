/**
 * A Client that sends six requests one after the other, and awaits the result of each.
 *
 * @module
 */

import { connect } from "@msl/network";
import type { BasicMath } from "./basic_math.ts";
import { connectOptions } from "./options.ts";

await using cxn = await connect(connectOptions());
const bm = await cxn.link<BasicMath>("BasicMath");

const start = performance.now();
console.log("1+2=", await bm.add(1, 2));
console.log("1-2=", await bm.subtract(1, 2));
console.log("1*2=", await bm.multiply(1, 2));
console.log("1/2=", await bm.divide(1, 2));
console.log("is positive?", await bm.ensure_positive(1) ? "True" : "False");
console.log("2**4=", await bm.power(2, 4));
const seconds = (performance.now() - start) / 1_000;
console.log(`Total execution time: ${seconds.toFixed(2)} seconds`);
