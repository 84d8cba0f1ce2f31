/** Tests that need a POSIX system: modes of files, signals, a shell. */

/** A test that is left out on Windows. */
export function posixTest(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name, fn, ignore: Deno.build.os === "windows" });
}
