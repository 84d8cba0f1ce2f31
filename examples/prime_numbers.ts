/**
 * A Service that counts prime numbers in workers, and answers other requests at the same time.
 * `prime_numbers_client.ts` is its Client.
 *
 * @module
 */

import { runUntilEnd, Service } from "@msl/network";
import { connectOptions } from "./options.ts";
import { countPrimes, isPrime } from "./prime_counting.ts";

/** Counts prime numbers. */
export class PrimeNumbers extends Service {
  countPrimes = this.inWorkers(countPrimes, import.meta.resolve("./prime_counting.ts"));

  isPrime(n: number): boolean {
    return isPrime(n);
  }
}

if (import.meta.main) {
  const service = new PrimeNumbers();
  service.addTasks(() => console.log("PrimeNumbers is running"));
  await runUntilEnd(service, connectOptions());
}
