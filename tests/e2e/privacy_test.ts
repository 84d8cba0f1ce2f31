/** What a user is not shown: values of services that others may use, folders, the log. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { configure, type LogRecord, reset } from "@logtape/logtape";
import "../../base/log_tape.ts";
import { LEVEL_FILTER, levelFilter } from "../../base/log_level.ts";
import { connect, RemoteError, Service } from "../../mod.ts";
import { at, refusal } from "../support/command_line.ts";
import { ADMINISTRATOR, Laboratory } from "../support/laboratory.ts";
import { USER } from "../support/python_users.ts";

class Lab extends Service {
  readonly serial = "S-1234";
  readonly weights = [NaN, 2];

  fail(): never {
    throw new TypeError("no");
  }
}

Deno.test("an identity has null in the place of each value of a service that the user may not use", async () => {
  await using laboratory = await Laboratory.withUsers({ authLogin: true, disableTls: true });
  const to = laboratory.manager.connectOptions;
  await using lab = new Lab();
  await lab.start({ ...to, ...ADMINISTRATOR });
  await using user = await connect({ ...to, ...USER });
  await using admin = await connect({ ...to, ...ADMINISTRATOR });
  assertEquals((await user.identities()).services.Lab.attributes.serial, "S-1234");
  await admin.adminRequest("access_table.allow", "Lab", "admin");
  const hidden = { fail: null, serial: null, set_logging_level: null, weights: null };
  for (let times = 0; times < 2; times++) {
    const { Lab: entry } = (await user.identities()).services;
    assertEquals([entry.attributes, entry.language !== ""], [hidden, true]);
  }
  const text = await user.identities({ asString: true });
  assert(text.includes("serial() -> null") && !text.includes("S-1234"), text);
  assertEquals((await admin.identities()).services.Lab.attributes.serial, "S-1234");
  await using other = new Lab({ name: "Other" }); // a Service may ask too
  await other.start({ ...to, ...USER });
  assertEquals(
    (await admin.adminRequest<Record<string, { attributes: unknown }>>("services")).Lab.attributes,
    (await admin.identities()).services.Lab.attributes,
  );
  await Deno.writeTextFile(`${laboratory.home}/password`, USER.password, { mode: 0o600 });
  const options = ["--username", USER.username, "--password-file", `${laboratory.home}/password`];
  const line = await refusal(
    laboratory.home,
    "types",
    ...at(to),
    "--disable-tls",
    ...options,
    "Lab",
  );
  assert(line.includes("a user who may not use it"), line);
  await admin.adminRequest("access_table.allow", "Lab", "j.doe");
  assertEquals((await user.identities()).services.Lab.attributes.serial, "S-1234");
});

Deno.test("the traceback of an error has no folder above that of the program", async () => {
  await using laboratory = await Laboratory.open({ disableTls: true });
  const to = laboratory.manager.connectOptions;
  await using lab = new Lab();
  await lab.start(to);
  await using client = await connect(to);
  const link = await client.link<Lab>("Lab");
  const error: RemoteError = await assertRejects(
    () => Promise.resolve(link.fail()),
    RemoteError,
  );
  assert(error.traceback[0].includes("(privacy_test.ts:"), error.traceback[0]);
  const root = new URL("../../", import.meta.url).pathname;
  assert(error.traceback.every((line) => !line.includes(root) && !line.includes("file:")));
});

Deno.test("set_logging_level of a Service in the Manager's process leaves the Manager's log as it is, an administrator changes it", async () => {
  const records: LogRecord[] = [];
  await configure({
    sinks: { memory: (record) => records.push(record) },
    filters: { [LEVEL_FILTER]: levelFilter("info") },
    loggers: [
      { category: ["msl", "network"], filters: [LEVEL_FILTER], sinks: ["memory"] },
      { category: ["logtape", "meta"], sinks: [] },
    ],
  });
  try {
    await using laboratory = await Laboratory.withUsers({ authLogin: true, disableTls: true });
    const to = laboratory.manager.connectOptions;
    await using lab = new Lab();
    await lab.start({ ...to, ...ADMINISTRATOR });
    await using user = await connect({ ...to, ...USER });
    const link = await user.link<Lab>("Lab");
    const of = (part: string) => records.filter(({ category }) => category[2] === part).length;
    assertEquals(await link.set_logging_level("critical"), true);
    let [manager, service] = [of("manager"), of("service")];
    await assertRejects(() => Promise.resolve(link.fail()), RemoteError);
    await using admin = await connect({ ...to, ...ADMINISTRATOR });
    await admin.identities(); // it is registered
    assert(of("manager") > manager, "the Manager logs that a client has connected");
    assertEquals(of("service"), service);
    assertEquals(await admin.adminRequest("set_logging_level", "error"), true);
    [manager, service] = [of("manager"), of("service")];
    await using another = await connect({ ...to, ...USER });
    await another.identities();
    assertEquals(of("manager"), manager);
    assertEquals(await admin.adminRequest("set_logging_level", "info"), true);
    await assertRejects(() => Promise.resolve(link.fail()), RemoteError);
    assert(of("service") > service, "the level of an administrator is that of the whole process");
    lab.setLoggingLevel("critical"); // the program itself is no client
    manager = of("manager");
    await using last = await connect({ ...to, ...USER });
    await last.identities();
    assertEquals(of("manager"), manager);
  } finally {
    await reset();
  }
});
