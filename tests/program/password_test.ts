import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { ConfigurationError } from "../../errors.ts";
import {
  askKeyPassword,
  askNewPassword,
  readPassword,
  readPasswordFile,
} from "../../program/password.ts";
import { temporaryFolder } from "../support/folder.ts";
import { Person } from "../support/person.ts";
import { posixTest } from "../support/posix.ts";

/** Nobody is asked. */
function nobody(): never {
  throw new Error("asked for nothing");
}

Deno.test("a password is its words, joined by spaces", () => {
  assertEquals(readPassword(["secret"], nobody), "secret");
  assertEquals(readPassword(["a", "good", "password"], nobody), "a good password");
  assertEquals(readPassword([" spaced  out "], nobody), " spaced  out ");
});

Deno.test("a password is the first line of a file, but the name of a folder is a password itself", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "with spaces.txt");
  for (const text of ["first", "first\n", "first\r\nsecond\r\n"]) {
    await Deno.writeTextFile(file, text, { mode: 0o600 });
    assertEquals(readPassword([file], nobody), "first");
  }
  assertEquals(readPassword([join(folder.path, "with"), "spaces.txt"], nobody), "first");
  assertEquals(readPassword([folder.path], nobody), folder.path);
  await Deno.writeTextFile(file, "\nsecond\n");
  assertThrows(
    () => readPassword([file], nobody),
    ConfigurationError,
    "Cannot use an empty password",
  );
});

Deno.test("the name of a file that must have the password is never the password itself", async () => {
  const file = await Deno.makeTempFile({ prefix: "msl-network-" });
  try {
    await Deno.writeTextFile(file, "first\r\nsecond\r\n");
    assertEquals(readPasswordFile(file, nobody), "first");
    await Deno.writeTextFile(file, "\nsecond\n");
    assertThrows(() => readPasswordFile(file, nobody), ConfigurationError, "an empty password");
  } finally {
    await Deno.remove(file);
  }
  assertThrows(
    () => readPasswordFile(file, nobody),
    ConfigurationError,
    "Cannot read the password",
  );
});

Deno.test("a password file is the text that Windows, Python and people mean by it", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "password");
  const encoder = new TextEncoder();
  const utf16 = (text: string, isLittle: boolean) => {
    const bytes = new DataView(new ArrayBuffer(2 + text.length * 2));
    [..."\ufeff" + text].forEach((unit, index) =>
      bytes.setUint16(index * 2, unit.charCodeAt(0), isLittle)
    );
    return new Uint8Array(bytes.buffer);
  };
  const read = async (bytes: Uint8Array) => {
    await Deno.writeFile(file, bytes, { mode: 0o600 });
    return [readPassword([file], nobody), readPasswordFile(file, nobody)];
  };
  const accepted: [Uint8Array, string][] = [
    [encoder.encode("\ufeffpass wörd\r\n"), "pass wörd"],
    [utf16("pass wörd\r\nsecond", true), "pass wörd"],
    [utf16("pass wörd\n", false), "pass wörd"],
    [encoder.encode("pw \r\n"), "pw"], // what echo pw > file writes on Windows
    [encoder.encode("\t\u3000 pw\x1f\x85\u00a0\n"), "pw"],
    [encoder.encode("first\rsecond"), "first"],
    [encoder.encode("\ufffd"), "\ufffd"],
  ];
  for (const [bytes, password] of accepted) assertEquals(await read(bytes), [password, password]);

  const refused: [Uint8Array, string][] = [
    [Uint8Array.of(0x70, 0xe8), "it is not text in UTF-8"],
    [Uint8Array.of(0xff, 0xfe, 0x70), "it is not text in UTF-8"],
    [utf16("pw", true).slice(2), "a control character"], // without its mark
    [encoder.encode("p\tw\n"), "a control character"],
    [encoder.encode("pw\0\n"), "a control character"],
    [encoder.encode("p\x7fw\n"), "a control character"],
    [encoder.encode("\ufeff \n"), "an empty password"],
  ];
  for (const [bytes, reason] of refused) {
    await assertRejects(() => read(bytes), ConfigurationError, reason);
  }
});

Deno.test("a password with a control character is an error, however it is given", () => {
  const given = [
    () => readPassword(["pw\0"], nobody),
    () => askNewPassword("j.doe", new Person("pw\0", "pw\0")),
  ];
  for (const read of given) assertThrows(read, ConfigurationError, "a control character");
});

Deno.test("an empty password is an error", () => {
  for (const words of [[], [""]]) {
    assertThrows(
      () => readPassword(words, nobody),
      ConfigurationError,
      "Cannot use an empty password",
    );
  }
});

Deno.test("an option without words prompts, and no other form does", () => {
  assertEquals(readPassword(true, () => "typed"), "typed");
});

posixTest("a file that other users can read is read with a warning", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "my password.txt");
  await Deno.writeTextFile(file, "secret\n", { mode: 0o600 });
  const warnings: string[] = [];
  const read = () => readPassword([file], nobody, (message) => warnings.push(message));
  assertEquals([read(), warnings], ["secret", []]);
  await Deno.chmod(file, 0o644);
  assertEquals([read(), warnings], ["secret", [
    `Others can read the password in ${file} (mode 0644). Run: chmod 600 '${file}'`,
  ]]);
});

Deno.test("a new password is asked for twice, and both must be the same", () => {
  const careful = new Person("secret", "secret");
  assertEquals(askNewPassword("j.doe", careful), "secret");
  assertEquals(careful.questions, ["Enter a password for j.doe:", "Enter it again:"]);
  assertThrows(
    () => askNewPassword("j.doe", new Person("secret", "Secret")),
    ConfigurationError,
    "Cannot use the password: it was not the same twice",
  );
  const silent = new Person("");
  assertThrows(
    () => askNewPassword("j.doe", silent),
    ConfigurationError,
    "Cannot use an empty password",
  );
  assertEquals(silent.questions.length, 1);
});

Deno.test("the password of a key is asked for once, and twice if the key does not exist", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "a.key");
  const maker = new Person("secret", "secret");
  assertEquals(askKeyPassword(file, maker), "secret");
  assertEquals(maker.questions, [`Enter a password for ${file}:`, "Enter it again:"]);
  await Deno.writeTextFile(file, "");
  const user = new Person("secret");
  assertEquals(askKeyPassword(file, user), "secret");
  assertEquals(user.questions, [`Enter the password of ${file}:`]);
  assertThrows(() => askKeyPassword(file, new Person("")), ConfigurationError, "an empty password");
});

Deno.test({
  name: "the name of a file that cannot be read is no password, and the error does not repeat it",
  permissions: { read: false },
  fn() {
    const error = assertThrows(
      () => readPassword(["my", "hunter2"], nobody),
      ConfigurationError,
      "Cannot read the password",
    );
    assert(!Deno.inspect(error).includes("hunter2"), Deno.inspect(error));
  },
});

Deno.test("a password that looks like the name of a file that is not there is one, with a warning", async () => {
  await using folder = await temporaryFolder();
  const warningsFor = (...words: string[]) => {
    const warnings: string[] = [];
    assertEquals(readPassword(words, nobody, (text) => warnings.push(text)), words.join(" "));
    return warnings;
  };
  for (
    const word of ["msl-network.password", "secret.txt", folder.join("secret"), "C:\\x", "a/b"]
  ) {
    const [warning, ...others] = warningsFor(word);
    assertEquals(others, []);
    assert(/looks like the name of a file, and there is none/.test(warning), word);
    assert(!warning.includes(word), "it may be the password");
  }
  for (const words of [["hunter2"], ["a", "b.txt"], ["3.14"], ["end."], ["what...?"]]) {
    assertEquals(warningsFor(...words), [], words.join());
  }
});
