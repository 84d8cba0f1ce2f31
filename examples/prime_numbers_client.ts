/**
 * A Client that requests the number of primes up to five million, and gets another reply while they
 * are counted.
 *
 * @module
 */

import { connect } from "@msl/network";
import { connectOptions } from "./options.ts";
import type { PrimeNumbers } from "./prime_numbers.ts";

await using cxn = await connect(connectOptions());
const primes = await cxn.link<PrimeNumbers>("PrimeNumbers");

const counting = primes.countPrimes(5_000_000);
console.log(`Is 1009 prime? ${await primes.isPrime(1_009)}`);
console.log(`Has it been counted? ${counting.done()}`);
console.log(`There are ${await counting} primes up to five million`);
