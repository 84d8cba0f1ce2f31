/** `startManager` with an `ssh` that runs the command on this computer. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  ConfigurationError,
  StartError,
  startManager,
  type StartManagerOptions,
  TimeoutError,
  ValueError,
} from "../mod.ts";
import { recordLogs } from "./support/logs.ts";
import { posixTest } from "./support/posix.ts";
import { temporaryFolder } from "./support/folder.ts";

const executable = fileURLToPath(import.meta.resolve("./fixtures/ssh_here.sh"));
const ssh = { executable };
const READY = "echo 'Network Manager running on lab-pc:1875 (TLS ENABLED)'";

/** The message of the error if a script is started instead of a Manager. */
async function failure(script: string, options: StartManagerOptions = {}): Promise<string> {
  // The options of the Manager, which are appended, become a comment.
  const starting = startManager("lab", `${script} #`, { ssh, ...options });
  const error: StartError = await assertRejects(() => starting, StartError);
  return error.message;
}

posixTest(
  "ssh gets its options, then the host, then the quoted command; secrets go to its input",
  async () => {
    await using folder = await temporaryFolder();
    const [args, input] = [join(folder.path, "args"), join(folder.path, "input")];
    const script = `printf '%s\\n' "$0" "$@" >${args}; cat >${input}; ${READY} #`;
    await using remote = await startManager("lab", script, {
      ssh: { executable, user: "me", port: 2222, identityFile: "my key", args: ["-J", "gate"] },
      host: "0.0.0.0",
      certFile: "it's mine.crt",
      authPassword: "a secret",
      keyFilePassword: "another",
    });
    const text = await Deno.readTextFile(args);
    assertEquals(
      text.replace(/(--started-as=)[\da-f-]{36}/, "$1ID"),
      `-T\n-l\nme\n-p\n2222\n-i\nmy key\n-J\ngate\n--\nlab\n${script} ` +
        `--kwargs '{"cert_file":"it'\\''s mine.crt","host":"0.0.0.0"}' ` +
        `--auth-password=- --key-file-password=- --started-as=ID\n`,
    );
    assertEquals(await Deno.readTextFile(input), "a secret\nanother\n");
    assertEquals(remote.connectOptions.passwordManager, "a secret");
    assertEquals(await remote.finished, { state: "ended", code: 0 });
  },
);

posixTest(
  "a password that the other computer prints is neither in the log nor in the error",
  async () => {
    await using logs = await recordLogs(["msl", "network"]);
    // A shell runs the lines of stdin that the command has not read.
    const secrets = { authPassword: "hunter2", keyFilePassword: "hunter3" };
    const message = await failure("sh 2>&1; exit 3", secrets);
    for (const text of [message, Deno.inspect(logs.records)]) {
      assert(text.includes("***") && text.includes("not found"), text);
      assert(!text.includes("hunter"), text);
    }
  },
);

posixTest("the words of a command are quoted", async () => {
  const script = `echo "$1:"; test "$1" = "$2" && ${READY}; exit 3`;
  const remote = await startManager("lab", ["sh", "-c", script, "sh", "it's", "it's"], { ssh });
  assertEquals(await remote.finished, { state: "ended", code: 3 });
});

posixTest(
  "the ready line is found among other lines, in several pieces, with a carriage return",
  async () => {
    const script = `echo Welcome; printf 'Starting ... Network Manager run' && ` +
      `printf 'ning on ::1:1876 (TLS DISABLED)\\r\\n'`;
    await using remote = await startManager("lab", `${script} #`, { ssh });
    const { hostname, port, tls, connectOptions } = remote;
    assertEquals({ hostname, port, tls }, { hostname: "::1", port: 1876, tls: false });
    assertEquals(connectOptions, {
      host: "lab",
      port: 1876,
      disableTls: true,
      passwordManager: undefined,
    });
  },
);

posixTest("the output is logged, before and after the Manager is ready", async () => {
  await using logs = await recordLogs(["msl", "network", "ssh"]);
  const script = `echo before; ${READY}; echo after; printf 'the end'; exit 0`;
  await using remote = await startManager("lab", `${script} #`, { ssh });
  await remote.finished;
  const [first, _ready, ...others] = logs.records.map(({ properties }) => properties.text);
  assertEquals([first, ...others], ["before", "after", "the end"]);
});

posixTest(
  "the error for a command that ends too early has its exit code and its output",
  async () => {
    const failed = await failure("echo Hello; printf 'no such file' >&2; exit 127");
    assert(
      failed.startsWith("Cannot start a Manager on lab: the command ended with exit code 127."),
    );
    assert(failed.includes("Hello\n") && failed.includes("no such file"), failed);
    assertEquals(
      await failure("exit 0"),
      "Cannot start a Manager on lab: the command ended with exit code 0. It said nothing",
    );
    assertEquals(
      await failure("echo 'Permission denied'; exit 255"),
      "Cannot start a Manager on lab: ssh failed. It said:\nPermission denied",
    );
  },
);

posixTest("an error has the end of a long output", async () => {
  const script = "i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); echo line $i; done; exit 1";
  const message = await failure(script);
  assert(message.endsWith("line 1999\nline 2000"), message);
  assert(message.length < 4_300, `${message.length} characters`);
  const long = await failure("head -c 100000 /dev/zero | tr '\\0' x; echo; exit 1");
  assert(long.endsWith("xxx") && long.length < 4_300, `${long.length} characters`);
});

posixTest("the error for a command that does not read its input has its output", async () => {
  const authPassword = "x".repeat(1_000_000); // more than a pipe takes
  const message = await failure("echo 'bad option'; exit 2", { authPassword });
  assert(message.includes("bad option") && !message.includes("xxx"), message);
});

posixTest("a command that is not ready in time is a TimeoutError with its output", async () => {
  // The time-out grows until the output arrives in time, on a slow computer too.
  for (let timeout = 100;; timeout *= 2) {
    const starting = startManager("lab", "echo waiting; exec sleep 1000 #", { ssh, timeout });
    const { message }: TimeoutError = await assertRejects(() => starting, TimeoutError);
    assert(message.includes(`it was not ready within ${timeout} ms`), message);
    if (message.endsWith("It said:\nwaiting")) break;
  }
});

posixTest("an ssh that ignores SIGTERM is killed", async () => {
  const script = `trap '' TERM; ${READY}; exec sleep 1000 #`;
  const remote = await startManager("lab", script, { ssh });
  await remote.disconnect();
  assertEquals(await remote.finished, { state: "lost" });
});

posixTest("an end without an exit code is a lost connection", async () => {
  for (const end of ["exit 255", "kill -KILL $$"]) {
    const remote = await startManager("lab", `${READY}; ${end} #`, { ssh });
    assertEquals(await remote.finished, { state: "lost" });
    await remote.disconnect(); // the first call has disconnected
  }
});

posixTest("a process that keeps the output open does not delay the end", async () => {
  const script = `(while sleep 0.1 && echo still here; do :; done) & ${READY}; exit 4 #`;
  const remote = await startManager("lab", script, { ssh });
  assertEquals(await remote.finished, { state: "ended", code: 4 });
});

Deno.test("a missing ssh is a StartError that says so", async () => {
  await assertRejects(
    () => startManager("lab", ["true"], { ssh: { executable: "no-such-ssh" } }),
    StartError,
    "Cannot run no-such-ssh: there is no such program. Install the OpenSSH client",
  );
});

Deno.test("arguments that cannot be used are rejected before ssh is run", async () => {
  const none = { ssh: { executable: "no-such-ssh" } };
  for (const host of ["", "-oProxyCommand=id", "me@lab", "ssh://lab", "lab pc", "lab\n"]) {
    await assertRejects(() => startManager(host, ["true"], none), ValueError, "not a host name");
  }
  for (const command of ["", " \n", []]) {
    await assertRejects(() => startManager("lab", command, none), ValueError, "command is empty");
  }
  for (const timeout of [0, -1, NaN]) {
    await assertRejects(() => startManager("lab", ["true"], { timeout }), RangeError, "timeout");
  }
  await assertRejects(() => startManager("lab", ["a\0b"], none), ValueError, "NUL");
  await assertRejects(
    () => startManager("lab", ["true"], { ...none, authPassword: "two\nlines" }),
    ConfigurationError,
    "Cannot pass authPassword",
  );
});
