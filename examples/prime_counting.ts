/**
 * Counts prime numbers. `prime_numbers.ts` calls it in workers.
 *
 * @module
 */

/** The number of primes from `first` to `last`. It takes seconds for large numbers. */
export function countPrimes(last: number, first = 2): number {
  let count = 0;
  for (let n = first; n <= last; n++) if (isPrime(n)) count++;
  return count;
}

/** Whether a number is prime. */
export function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false;
  return n > 1;
}
