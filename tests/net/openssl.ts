/** The program `openssl`, for the tests that run where it is installed. */

/** Whether it is installed. */
export const hasOpenssl: boolean = await openssl("version").then(() => true, () => false);

/** Runs it, and gives its output. */
export async function openssl(...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("openssl", { args }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`openssl ${args.join(" ")}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

/** Calls a function with a file that has this content, and removes the file. */
export async function withFile<T>(content: string, use: (file: string) => Promise<T>): Promise<T> {
  const file = await Deno.makeTempFile({ prefix: "msl-network-" });
  try {
    await Deno.writeTextFile(file, content);
    return await use(file);
  } finally {
    await Deno.remove(file);
  }
}
