import type { TestManager } from "../../testing.ts";

/** The options with which an example finds the Manager of a test. */
export function exampleOptionsFor({ connectOptions }: TestManager): string[] {
  const { host, port, certFile } = connectOptions;
  return ["--host", host, "--port", String(port), "--cert-file", certFile!];
}
