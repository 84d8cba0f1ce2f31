import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { ConfigurationError } from "../errors.ts";
import { askNewPassword, readPassword } from "../password.ts";
import type { Prompt } from "../prompt.ts";

/** A person who answers each question with the next of these. */
function person(...answers: string[]): Prompt & { questions: string[] } {
  const questions: string[] = [];
  return {
    questions,
    secret(question) {
      questions.push(question);
      return answers[questions.length - 1];
    },
    text: () => "",
    confirm: () => false,
  };
}

Deno.test("a password is its words, joined by spaces", () => {
  assertEquals(readPassword(["secret"]), "secret");
  assertEquals(readPassword(["a", "good", "password"]), "a good password");
  assertEquals(readPassword([" spaced  out "]), " spaced  out ");
});

Deno.test("a file stands for its first line, and a folder for its own name", async () => {
  const folder = await Deno.makeTempDir({ prefix: "msl-network-" });
  try {
    const file = join(folder, "with spaces.txt");
    for (const text of ["first", "first\n", "first\r\nsecond\r\n"]) {
      await Deno.writeTextFile(file, text);
      assertEquals(readPassword([file]), "first");
    }
    assertEquals(readPassword([join(folder, "with"), "spaces.txt"]), "first");
    assertEquals(readPassword([folder]), folder);
    await Deno.writeTextFile(file, "\nsecond\n");
    assertThrows(() => readPassword([file]), ConfigurationError, "Cannot use an empty password");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("an empty password is refused", () => {
  for (const words of [[], [""]]) {
    assertThrows(() => readPassword(words), ConfigurationError, "Cannot use an empty password");
  }
});

Deno.test("a new password is asked for twice, and must be the same", async () => {
  const careful = person("secret", "secret");
  assertEquals(await askNewPassword("j.doe", careful), "secret");
  assertEquals(careful.questions, ["Enter a password for j.doe:", "Enter it again:"]);
  await assertRejects(
    () => askNewPassword("j.doe", person("secret", "Secret")),
    ConfigurationError,
    "Cannot use the password: it was not the same twice",
  );
  const silent = person("");
  await assertRejects(
    () => askNewPassword("j.doe", silent),
    ConfigurationError,
    "Cannot use an empty password",
  );
  assertEquals(silent.questions.length, 1);
});

Deno.test({
  name: "the name of a file that may not be read is no password",
  permissions: { read: false },
  fn() {
    assertThrows(() => readPassword(["/a/file"]), ConfigurationError, "Cannot read the password");
  },
});
