/**
 * The figures, as a table for people and as data for programs.
 *
 * @module
 */

/** One measured value. */
export interface Figure {
  /** Its name, e.g. `"requests a second, TLS"`. */
  name: string;
  value: number;
  /** The unit of the value and of its reference, e.g. `"/s"`. */
  unit: string;
  /** The value that it is compared with, of the same run. */
  reference?: { name: string; value: number };
  /** What the value should be. */
  goal?: Goal;
}

/** A bound on the value, or on its ratio to the reference. */
export interface Goal {
  of: "value" | "ratio";
  bound: "at least" | "at most";
  limit: number;
}

/** The results of one part of the benchmark. */
export interface Section {
  /** The heading. */
  title: string;
  figures: Figure[];
  /** What was left out or failed, and why. */
  notes: string[];
}

/** The ratio of a figure to its reference. */
export function ratioOf({ value, reference }: Figure): number | undefined {
  return reference && value / reference.value;
}

/** Whether a figure meets its goal; `undefined` if it has none. */
export function meetsGoal(figure: Figure): boolean | undefined {
  if (figure.goal === undefined) return undefined;
  const { of, bound, limit } = figure.goal;
  const reached = of === "value" ? figure.value : ratioOf(figure);
  if (reached === undefined) return undefined;
  return bound === "at least" ? reached >= limit : reached <= limit;
}

/** A section as a table of Markdown. */
export function formatSection({ title, figures, notes }: Section): string {
  const head = ["figure", "measured", "reference", "ratio", "goal", "result"];
  const rows = figures.map((figure) => {
    const { name, value, unit, reference } = figure;
    const ratio = ratioOf(figure);
    const met = meetsGoal(figure);
    return [
      name,
      `${round(value)} ${unit}`,
      reference ? `${round(reference.value)} ${unit}, ${reference.name}` : "",
      ratio === undefined ? "" : round(ratio),
      formatGoal(figure),
      met === undefined ? "" : met ? "met" : "MISSED",
    ];
  });
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...rows].map((row) => row[column].length))
  );
  const format = (row: string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  const table = figures.length > 0 ? [format(head), rule, ...rows.map(format), ""] : [];
  const remarks = notes.length > 0 ? [...notes.map((note) => `- ${note}`), ""] : [];
  return [`### ${title}`, "", ...table, ...remarks].join("\n");
}

/** The machine of the measurement, in one line. */
export function describeMachine(): string {
  const { totalMemory = 0 } = { totalMemory: Deno.systemMemoryInfo().total };
  const GiB = 1024 ** 3;
  return `${navigator.hardwareConcurrency} cores, ${Math.round(totalMemory / GiB)} GiB, ` +
    `${Deno.build.os} ${Deno.build.arch}, Deno ${Deno.version.deno}`;
}

/** The median of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? sorted[Math.floor(middle)]
    : (sorted[middle - 1] + sorted[middle]) / 2;
}

function formatGoal({ goal, unit }: Figure): string {
  if (goal === undefined) return "";
  const sign = goal.bound === "at least" ? "≥" : "≤";
  return `${sign} ${round(goal.limit)}${goal.of === "value" ? ` ${unit}` : ""}`;
}

/** A number with three significant digits, and separators of thousands. */
function round(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(3)));
}
