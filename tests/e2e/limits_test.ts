import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import { connect, type JsonObject, RemoteError, TlsMismatchError } from "../../mod.ts";
import { TestManager, WirePeer } from "../../testing.ts";
import { Laboratory } from "../support/laboratory.ts";
import { linked } from "../support/linked.ts";
import { request } from "../support/messages.ts";
import { PYTHON_USER } from "../support/python_users.ts";
import { Lab } from "../support/services.ts";
import { until } from "../support/until.ts";

const CLIENT = { type: "client", name: "flood" };
const ECHO = { type: "service", name: "Echo", attributes: { echo: "(*args)" } };

/** The error that a peer gets before it is disconnected, after the Manager's requests. */
async function lastMessage(peer: WirePeer): Promise<unknown> {
  let message: JsonObject = {};
  for (let text; (text = await peer.readText()) !== undefined;) message = JSON.parse(text);
  return message.message;
}

// Handshake

for (const disableTls of [false, true]) {
  const over = disableTls ? "over TCP" : "over TLS";

  Deno.test(`a peer that sends its identity too late gets an error with the time-out, ${over}`, async () => {
    // Over TLS the time-out includes the TLS handshake, which is slow on a busy computer.
    const handshakeTimeout = disableTls ? 500 : 4_000;
    await using manager = await TestManager.start({ disableTls, limits: { handshakeTimeout } });
    const silent = async () => {
      await using peer = await WirePeer.connect(manager.connectOptions);
      return await lastMessage(peer);
    };
    const slow = async () => {
      await using peer = await WirePeer.connect(manager.connectOptions);
      const send = await peer.sendHalf("{");
      const message = lastMessage(peer);
      // Over TLS, a byte that arrives while the Manager closes would reset the connection, and the
      // error with it: there the peer falls silent in time.
      for (let sent = 0; disableTls || sent < 20; sent++) {
        if (!await Promise.race([message.then(() => false), send(" ")])) break;
        await delay(10);
      }
      return await message;
    };
    const expected = `TimeoutError: No identity was received within the limit of ${
      disableTls ? "500ms" : "4s"
    } (--handshake-timeout)`;
    assertEquals(await Promise.all([silent(), slow()]), [expected, expected]);
  });

  Deno.test(`a peer that does not reply to a password prompt gets an error with the time-out, ${over}`, async () => {
    await using manager = await TestManager.start({
      disableTls,
      authPassword: "secret",
      limits: { loginTimeout: 20 },
    });
    await using peer = await WirePeer.connect(manager.connectOptions);
    assertEquals(
      await lastMessage(peer),
      "TimeoutError: No password was received within the limit of 20ms (--login-timeout)",
    );
  });

  Deno.test(`an endless line before the identity is cut off at the limit, ${over}`, async () => {
    await using manager = await TestManager.start({
      disableTls,
      limits: { handshakeSize: 500, maxIdentity: 1_000 },
    });
    await using peer = await WirePeer.connect(manager.connectOptions);
    const send = await peer.sendHalf('{"result":"');
    const endless = (async () => {
      while (await send("x".repeat(100)));
    })();
    assertEquals(
      await lastMessage(peer),
      "ValueError: The identity is longer than the limit of 1000B (--max-identity)",
    );
    await peer.close();
    await endless;
  });

  Deno.test(`the number of connections without an identity is limited, ${over}`, async () => {
    await using manager = await TestManager.start({ disableTls, limits: { maxPending: 2 } });
    const options = manager.connectOptions;
    await using first = await WirePeer.connect(options);
    await first.read();
    await using second = await WirePeer.connect(options);
    await second.read();
    if (disableTls) {
      await using third = await WirePeer.connect(options);
      assertEquals(
        await lastMessage(third),
        "PermissionError: Too many connections have not said who they are, " +
          "the limit is 2 (--max-pending)",
      );
    } else {
      await assertRejects(() => WirePeer.connect(options), TlsMismatchError);
    }
    // A slot is free as soon as one of them has sent its identity or has disconnected.
    second.send({ result: CLIENT, requester: null, uid: "", error: false });
    await manager.connected("flood");
    await using fourth = await WirePeer.connect(options);
    await fourth.read();
    await first.close();
    const isAccepted = async () => {
      try {
        await using cxn = await connect(options);
        await cxn.identities();
        return true;
      } catch {
        return false;
      }
    };
    await until("a client is accepted again", isAccepted);
    await until("the fourth waits alone", () => manager.manager.status().unidentified === 1);
  });
}

Deno.test("a thousand connections that have ended leave no peer registered and no descriptor open", async () => {
  await using network = await linked(new Lab(), { disableTls: true });
  const { manager, link } = network;
  const { host, port } = manager.connectOptions;
  const connectBriefly = async (index: number) => {
    using socket = await Deno.connect({ hostname: host, port });
    if (index % 3 === 0) return; // sends nothing
    const identity = index % 3 === 1 ? CLIENT : { ...ECHO, name: `Echo ${index}` };
    const text = JSON.stringify({ result: identity, requester: null, uid: "", error: false });
    await socket.write(new TextEncoder().encode(text + "\n")).catch(() => {});
  };
  const descriptors = manager.manager.status().open_descriptors;
  for (let i = 0; i < 1_000; i += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, index) => connectBriefly(i + index)));
    assertEquals(await link.add(i, 1), i + 1);
  }
  const status = () => manager.manager.status();
  const ended = () =>
    Object.values(status().totals.ended_connections).reduce((sum, count) => sum + count, 0);
  await until("all other peers have disconnected", () => {
    const { clients, services, totals, unidentified } = status();
    const others = Object.keys(clients).length + Object.keys(services).length + unidentified - 2;
    return others === 0 && ended() === totals.connections - 2;
  });
  const { clients, services, totals } = status();
  assertEquals(Object.values(clients).map(({ links }) => links), [["Lab"]]);
  assertEquals(Object.keys(services), ["Lab"]);
  assert(totals.connections > 500, `it has accepted only ${totals.connections}`);
  await until("their descriptors are closed", () => status().open_descriptors! <= descriptors!);
});

// Messages

Deno.test("a nesting of 100,000 is rejected anywhere in a message, and the connection stays open", async () => {
  await using manager = await TestManager.start({
    disableTls: true,
    limits: { longLine: 400_000 },
  });
  await using service = await WirePeer.introduce(manager.connectOptions, ECHO);
  await manager.connected("Echo");
  await using client = await WirePeer.introduce(manager.connectOptions, CLIENT);
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  const refusal = /JSONDecodeError: .*Nested deeper than the limit of 512 levels \(--max-depth\)/;

  client.send(
    `{"service":"Echo","attribute":"echo","args":${deep},"kwargs":{},"uid":"1","error":false}`,
  );
  const refused = await client.read();
  assertEquals(refused.uid, "1");
  assertMatch(String(refused.message), refusal);

  client.send(request("Echo", "echo", [], { uid: "2" }));
  const { requester } = await service.read();
  service.send(
    `{"result":${deep},"requester":${JSON.stringify(requester)},"uid":"2","error":false}`,
  );
  const failed = await client.read();
  assertEquals(failed.uid, "2");
  assertMatch(String(failed.message), /the 'Echo' service sent an invalid answer: .*--max-depth/);

  client.send("[".repeat(100_000)); // not in a JSON object, as in typed text
  assertEquals((await client.read()).error, true);
  client.send(request("Manager", "identity", [], { uid: "3" }));
  assertEquals((await client.read()).uid, "3");

  await using unidentified = await WirePeer.connect(manager.connectOptions);
  await unidentified.read();
  unidentified.send(`{"result":${"[".repeat(30_000)}${"]".repeat(30_000)}}`);
  assertMatch(
    String(await lastMessage(unidentified)),
    /^TypeError: The identity must be a JSON object/,
  );
});

Deno.test("each line of a flood of empty lines gets an error, and other clients are served meanwhile", async () => {
  const LINES = 200_000;
  await using manager = await TestManager.start({ disableTls: true });
  await using cxn = await connect(manager.connectOptions);
  const { host, port } = manager.connectOptions;
  using socket = await Deno.connect({ hostname: host, port });
  const identity = JSON.stringify({ result: CLIENT, requester: null, uid: "", error: false });
  await socket.write(new TextEncoder().encode(identity + "\n"));
  let answers = -1; // the first line requests the identity
  const reading = (async () => {
    const buffer = new Uint8Array(128 * 1024);
    while (answers < LINES) {
      const size = await socket.read(buffer);
      if (size === null) break;
      for (let at = -1; (at = buffer.subarray(0, size).indexOf(10, at + 1)) !== -1;) answers++;
    }
  })();
  const flood = (async () => {
    const block = new Uint8Array(100_000).fill(10);
    for (let sent = 0; sent < LINES; sent += await socket.write(block.subarray(0, LINES - sent)));
  })();
  let calls = 0;
  const calling = (async () => {
    while (answers < LINES) {
      await cxn.identities();
      if (answers < LINES) calls++;
    }
  })();
  await Promise.all([reading, flood]);
  await calling;
  assertEquals(answers, LINES);
  assert(calls > 0, "no call was answered meanwhile");
});

// Logins

/** One free attempt, and a delay after the second failure that no test waits for. */
const TWO_GUESSES = { freeLogins: 2, loginPenalty: 120_000, loginTimeout: 60_000 };

for (const disableTls of [false, true]) {
  const over = disableTls ? "over TCP" : "over TLS";
  const tooMany = "Too many failed logins from 127.0.0.1: try again in 5min " +
    "(--free-logins, --login-penalty, --login-memory)";

  Deno.test(`repeated wrong Manager's passwords are throttled, ${over}`, async () => {
    await using lab = await Laboratory.open({
      authPassword: "secret",
      disableTls,
      limits: TWO_GUESSES,
    });
    const logIn = async (passwordManager: string) => {
      await using cxn = await connect({ ...lab.manager.connectOptions, passwordManager });
      return cxn.name;
    };
    for (let i = 0; i < 2; i++) {
      await assertRejects(() => logIn(`guess ${i}`), RemoteError, "Wrong Manager password");
    }
    await assertRejects(() => logIn("secret"), RemoteError, tooMany);
    await lab.records((records) => records.at(-1) === "rejected: too many failed logins");
  });

  Deno.test(`repeated failed logins are throttled, ${over}`, async () => {
    await using lab = await Laboratory.open(
      { authLogin: true, disableTls, limits: TWO_GUESSES },
      PYTHON_USER,
    );
    const logIn = async (username: string, password: string) => {
      await using cxn = await connect({ ...lab.manager.connectOptions, username, password });
      return Object.keys((await cxn.identities()).clients).join();
    };
    assertMatch(await logIn("j.doe", "a good password"), /^Client\[\S+:\d+]$/);
    await assertRejects(() => logIn("nobody", "x"), RemoteError, "Unregistered user");
    // The user has logged in from here before, so only its own failures count.
    for (let times = 0; times < 2; times++) {
      await assertRejects(() => logIn("j.doe", "x"), RemoteError, "Wrong login password");
    }
    await assertRejects(() => logIn("j.doe", "a good password"), RemoteError, tooMany);
  });
}

Deno.test("repeated failed administrator logins during a connection are throttled", async () => {
  await using lab = await Laboratory.open({ disableTls: true, limits: TWO_GUESSES }, PYTHON_USER);
  await using client = await lab.introduce(CLIENT);
  const guess = async (password: string) => {
    client.send(request("Manager", "users_table.usernames"));
    for (const answer of ["j.doe", password]) {
      await client.read();
      client.send({ result: answer, requester: null, uid: "", error: false });
    }
    return (await client.read()).message;
  };
  for (let i = 0; i < 2; i++) {
    assertMatch(String(await guess(`guess ${i}`)), /^ValueError: You must be an administrator/);
  }
  assertMatch(String(await guess("a good password")), /^PermissionError: Too many failed logins/);
  const { refused_connections } = lab.manager.manager.status().totals;
  assertEquals(refused_connections, { wrong_administrator_login: 2 });
});

Deno.test("an identity that is nearly a typed one is matched in linear time", async () => {
  const limits = { handshakeSize: 2_000_000 };
  await using manager = await TestManager.start({ disableTls: true, limits });
  await using peer = await WirePeer.connect(manager.connectOptions);
  await peer.read();
  // A pattern that backtracks at each space takes an hour.
  peer.send(`client${" ".repeat(1_000_000)}a\rb`);
  assertEquals(
    await lastMessage(peer),
    "TypeError: Invalid identity. Type: client [name]",
  );
});
