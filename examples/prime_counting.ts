/**
 * Counts prime numbers. `prime_numbers.ts` calls it in workers.
 *
 * @module
 */

/** How many prime numbers there are from `first` up to `last`, which takes a while. */
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
