/**
 * How long round trips take, as numbers and as text.
 *
 * @module
 */

/** What some round trips took, in milliseconds. */
export interface RoundTripStatistics {
  min_ms: number;
  avg_ms: number;
  p50_ms: number;
  p99_ms: number;
  max_ms: number;
}

/** The statistics of some round trips; `null` of none. */
export function statisticsOf(times: readonly number[]): RoundTripStatistics | null {
  if (times.length === 0) return null;
  const sorted = times.toSorted((a, b) => a - b);
  // The smallest time that so much of them do not exceed.
  const percentile = (part: number) => sorted[Math.ceil(part * sorted.length) - 1];
  return {
    min_ms: rounded(sorted[0]),
    avg_ms: rounded(times.reduce((sum, time) => sum + time, 0) / times.length),
    p50_ms: rounded(percentile(0.5)),
    p99_ms: rounded(percentile(0.99)),
    max_ms: rounded(sorted.at(-1)!),
  };
}

/** The statistics in words, as ping(8) has them. */
export function describeRoundTrips(
  whom: string,
  sent: number,
  times: readonly number[],
): string {
  const statistics = statisticsOf(times);
  const lines = [`--- ${whom} ---`, `${sent} sent, ${times.length} answered`];
  if (statistics !== null) {
    const { min_ms, avg_ms, p50_ms, p99_ms, max_ms } = statistics;
    const numbers = [min_ms, avg_ms, p50_ms, p99_ms, max_ms].map((time) => time.toFixed(3));
    lines.push(`min/avg/p50/p99/max = ${numbers.join("/")} ms`);
  }
  return lines.join("\n");
}

/** To the microsecond. */
function rounded(milliseconds: number): number {
  return Number(milliseconds.toFixed(3));
}
