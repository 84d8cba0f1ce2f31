/**
 * A Client that sends six requests before it awaits the first result.
 *
 * @module
 */

import { connect } from "@msl/network";
import type { BasicMath } from "./basic_math.ts";
import { connectOptions } from "./options.ts";

await using cxn = await connect(connectOptions());
const bm = await cxn.link<BasicMath>("BasicMath");

const start = performance.now();
const sum = bm.add(1, 2);
const difference = bm.subtract(1, 2);
const product = bm.multiply(1, 2);
const quotient = bm.divide(1, 2);
const positive = bm.ensure_positive(1);
const power = bm.power(2, 4);

console.log("1+2=", await sum);
console.log("1-2=", await difference);
console.log("1*2=", await product);
console.log("1/2=", await quotient);
console.log("is positive?", await positive ? "True" : "False");
console.log("2**4=", await power);
const seconds = (performance.now() - start) / 1_000;
console.log(`Total execution time: ${seconds.toFixed(2)} seconds`);
