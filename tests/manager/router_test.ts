import { assert, assertEquals } from "@std/assert";
import { FIELDS } from "../../wire/envelope.ts";
import { LIMITS } from "../../limits.ts";
import type { JsonObject } from "../../wire/message.ts";
import { MANAGER_NAME } from "../support/devices.ts";
import * as messages from "../support/messages.ts";
import { question as prompt, reply } from "../support/messages.ts";
import { type Device, laboratory, Network, only, onlyError, request } from "../support/network.ts";
import { logIn } from "../support/users.ts";
import fc from "../support/properties.ts";

const encoder = new TextEncoder();

// Requests to a service

Deno.test("a request reaches the service with its bytes as they came and the requester after them", () => {
  const { network, a, echo } = laboratory();
  const odd = '  {"args" : [1e5, "é\\u00e9", NaN],\t"kwargs":{},"service":"\\u0045cho", ' +
    '"error": false,"uid":"1","attribute":"echo","extra":[{"requester":1}]';
  assertEquals(network.send(a, `${odd} }  `) === echo.sink, true);
  assertEquals(echo.sink.take(), [`${odd} ,"requester":"a[lab-pc:0]"}`]);
  network.expectSilence();
});

Deno.test("a forged requester loses, wherever it stands and however it is written", () => {
  const { network, a, echo } = laboratory();
  const forged = [
    '{"requester":"b[lab-pc:1]","error":false,"service":"Echo","uid":"1","attribute":"x",' +
    '"args":[],"kwargs":{}}',
    '{"error":false,"service":"Echo","uid":"1","attribute":"x","args":[],"kwargs":{},' +
    '"requester":"b[lab-pc:1]"}',
    '{"error":false,"service":"Echo","uid":"1","attribute":"x","args":[],"kwargs":{},' +
    '"\\u0072equester":"b[lab-pc:1]"}',
    '{"error":false,"service":"Echo","uid":"1","attribute":"x","args":[],"kwargs":{},' +
    '"requester":null,"requester":["b"]}',
  ];
  for (const line of forged) {
    network.send(a, line);
    assertEquals(only(echo).requester, "a[lab-pc:0]");
  }
  network.expectSilence();
});

Deno.test("a request arrives with error false, whatever the client said", () => {
  const { network, a, echo } = laboratory();
  const rest = '"service":"Echo","uid":"1","attribute":"x","args":[],"kwargs":{}';
  for (
    const line of [
      `{${rest}}`,
      `{"error":true,${rest}}`,
      `{"error":false,${rest},"error":true}`,
      `{${rest},"\\u0065rror":true}`,
      `{"error":null,${rest}}`,
      `{"error":"yes",${rest}}`,
      `{"error":1,${rest}}`,
    ]
  ) {
    network.send(a, line);
    const { error, requester } = only(echo);
    assertEquals([error, requester], [false, "a[lab-pc:0]"], line);
  }
});

Deno.test("any request arrives as it was sent, but for the requester and error", () => {
  const { network, a, echo } = laboratory();
  const members = fc.record({
    args: fc.array(fc.jsonValue()),
    kwargs: fc.dictionary(fc.string(), fc.jsonValue()),
    uid: fc.string({ unit: "binary" }),
    attribute: fc.string().filter((attribute) => attribute !== "__disconnect__"),
    service: fc.constant("Echo"),
    error: fc.boolean(),
    requester: fc.jsonValue(),
  }, { requiredKeys: ["args", "kwargs", "uid", "attribute", "service"], noNullPrototype: true });
  fc.assert(
    fc.property(members, (members) => {
      network.send(a, members);
      const sent = JSON.parse(JSON.stringify(members));
      assertEquals(only(echo), { ...sent, error: false, requester: "a[lab-pc:0]" });
    }),
    { numRuns: 200 },
  );
  network.expectSilence();
});

Deno.test("a network name of any characters is spliced as valid JSON", () => {
  const network = new Network();
  const echo = network.service("Echo");
  for (const name of ['a"b', "back\\", "line\n", "é語😀", "\ud800", "__proto__"]) {
    const client = network.client(name);
    network.send(client, request());
    assertEquals(only(echo).requester, client.peer.networkName);
    const reply = { error: false, requester: client.peer.networkName, uid: "1", result: 1 };
    network.send(echo, reply);
    assertEquals(only(client), reply);
  }
});

Deno.test("a request to a service that is not connected is answered with its uid", () => {
  const { network, a } = laboratory();
  assertEquals(network.send(a, request({ service: "Nothing" })) === a.sink, true);
  const { message, uid } = onlyError(a);
  assertEquals(uid, "1");
  assertEquals(
    message,
    `KeyError: "the 'Nothing' Service is not connected to Manager[lab-pc:1875]"`,
  );
  network.expectSilence();
});

Deno.test("a request without a link is rejected by a locked service and by a full one, not else", () => {
  const network = new Network();
  const [a, b] = [network.client("a"), network.client("b")];
  const one = network.service("One", 1);
  network.send(b, request({ service: "One" }));
  assertEquals(only(one).requester, b.peer.networkName);
  network.registry.link(a.peer, "One");
  network.send(b, request({ service: "One", uid: "2" }));
  const full = onlyError(b);
  assertEquals(full.uid, "2");
  assert(full.message.startsWith("PermissionError: The maximum number of Clients"), full.message);
  network.registry.acquireLock(a.peer, "One", false);
  network.send(b, request({ service: "One", uid: "3" }));
  assertEquals(onlyError(b).message, "PermissionError: 'One' service is locked");
  network.send(a, request({ service: "One", uid: "4" }));
  assertEquals(only(one).uid, "4");
});

Deno.test("a user that may not use a service is rejected, in a program and at a terminal", async () => {
  const network = new Network();
  for (const name of ["alice", "bob"]) await network.database.users.insert(name, "secret", false);
  network.database.access.allow("Echo", ["alice"]);
  network.access.refresh();
  const logins = ["alice", "bob"].map((name) => logIn(network.database, name));
  const [alice, bob] = (await Promise.all(logins)).map((user) =>
    network.client(user.username, user)
  );
  const echo = network.service("Echo");
  const link = { service: "Manager", attribute: "link", args: ["Echo"], kwargs: {} };
  const lines = [request(), request(link), "Echo echo 1", "link Echo"];
  for (const line of lines) {
    network.send(bob, line);
    const { message, uid } = onlyError(bob);
    assertEquals(message, "PermissionError: 'bob' may not use the 'Echo' service");
    assertEquals(uid, typeof line === "string" ? "" : "1");
    network.expectSilence();
  }
  for (const line of lines) network.send(alice, line);
  assertEquals(echo.sink.take().length, 2);
  assertEquals(alice.sink.take().length, 2);
  network.send(bob, request({ service: "Manager", attribute: "identity", args: [], kwargs: {} }));
  assert("Echo" in (only(bob) as { result: { services: JsonObject } }).result.services);
});

const BAD_REQUESTS: readonly [line: JsonObject, text: string][] = [
  [request({ service: undefined }), "KeyError: 'service'"],
  [request({ attribute: undefined }), "KeyError: 'attribute'"],
  [request({ args: undefined }), "KeyError: 'args'"],
  [request({ kwargs: undefined }), "KeyError: 'kwargs'"],
  [request({ service: 1 }), "TypeError: The 'service' of a message must be of type string"],
  [request({ service: null }), "TypeError: The 'service' of a message must be of type string"],
  [request({ attribute: [] }), "TypeError: The 'attribute' of a message must be of type string"],
  [request({ args: {} }), "TypeError: The 'args' of a message must be of type array"],
  [request({ args: null }), "TypeError: The 'args' of a message must be of type array"],
  [request({ kwargs: [] }), "TypeError: The 'kwargs' of a message must be of type object"],
  [request({ kwargs: "x" }), "TypeError: The 'kwargs' of a message must be of type object"],
  [{ uid: "1" }, "KeyError: 'attribute'"],
];

for (const [line, text] of BAD_REQUESTS) {
  Deno.test(`${JSON.stringify(line)} is answered with an error and its uid, and goes nowhere`, () => {
    const { network, a, echo } = laboratory();
    assertEquals(network.send(a, line) === a.sink, true);
    const { message, uid } = onlyError(a);
    assertEquals(uid, "1");
    assertEquals(message.slice(0, text.length), text);
    network.expectSilence();
    network.router.sessions.unregister(echo.peer);
    network.expectSilence(); // no request is pending
  });
}

Deno.test("a request whose uid is missing or not a string is rejected with an empty uid", () => {
  for (const uid of [undefined, 1, null, ["1"]]) {
    const { network, a } = laboratory();
    network.send(a, request({ uid }));
    const error = onlyError(a);
    assertEquals(error.uid, "");
    assert(/^(KeyError|TypeError): .*'uid'/.test(error.message), error.message);
    network.expectSilence();
  }
});

Deno.test("a line that is not a JSON object is answered with a JSONDecodeError, and its uid if it has one", () => {
  const lines: [line: string | Uint8Array, uid: string][] = [
    ["", ""],
    ["hello", ""],
    ["[1]", ""],
    ["null", ""],
    ['{"uid":"7","service":"Echo","args":[1', "7"],
    ['{"uid":"7","service":"Echo","attribute":"x","args":[],"kwargs":{}} x', "7"],
    ['{"uid":"7","service":"Echo","attribute":"x","args":[nul],"kwargs":{}}', "7"],
    ['{"service":"Echo","attribute":"x","args":[nul],"kwargs":{},"uid":"7"}', "7"],
    [`{"uid":"7","args":${"[".repeat(100_000)}`, "7"],
    [Uint8Array.of(...encoder.encode('{"uid":"7","args":["'), 0xff, 0x22, 0x5d, 0x7d), "7"],
  ];
  for (const [line, uid] of lines) {
    const { network, a } = laboratory();
    assertEquals(network.send(a, line) === a.sink, true);
    const error = onlyError(a);
    assertEquals(error.uid, uid);
    assert(error.message.startsWith("JSONDecodeError: "), error.message);
    network.expectSilence();
  }
});

Deno.test("whatever a client sends, only the service that it names gets anything", () => {
  const key = fc.constantFrom<string>(...FIELDS);
  const likely = fc.oneof(
    fc.constantFrom("Echo", "Manager", "notification", "link", "", "a[lab-pc:0]", "b[lab-pc:1]"),
    fc.constantFrom([], {}, true, false, null),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(fc.dictionary(key, likely, { noNullPrototype: true }), (line) => {
      // A new network each time: two lines could answer the prompts of a login.
      const { network, a, b, echo } = laboratory();
      network.registry.link(b.peer, "Echo");
      network.registry.link(b.peer, "Lab");
      network.send(a, line);
      network.expectSilence(a, echo);
      for (const text of echo.sink.take()) {
        const { service, requester, error } = JSON.parse(text);
        assertEquals([service, requester, error], ["Echo", "a[lab-pc:0]", false]);
      }
      assert(a.sink.take().length <= 1);
    }),
    { numRuns: 1_000 },
  );
});

// What only a service may send

Deno.test("a client can forge neither a reply, nor an error, nor a notification", () => {
  const { network, a, b, echo } = laboratory();
  network.registry.link(b.peer, "Echo");
  network.send(b, request());
  echo.sink.take();
  for (
    const line of [
      { error: false, requester: b.peer.networkName, uid: "1", result: "forged" },
      { error: true, requester: b.peer.networkName, uid: "1", message: "forged", result: null },
      { error: true, requester: b.peer.networkName, uid: "1", message: "forged" },
      { error: false, service: "Echo", uid: "notification", result: [[], {}] },
    ]
  ) {
    network.send(a, line);
    network.expectSilence();
  }
  network.send(echo, { error: false, requester: b.peer.networkName, uid: "1", result: "true" });
  assertEquals(only(b).result, "true");
});

// Replies

Deno.test("a reply goes to the client that sent the request, once, with its bytes as they came", () => {
  const { network, a, echo } = laboratory();
  network.send(a, request());
  echo.sink.take();
  const line = '{"result" : [1.50, NaN, "\\u00e9é"],"uid":"1", "error":false,' +
    '"requester":"a[lab-pc:0]" ,"extra":1}';
  assertEquals(network.send(echo, line) === a.sink, true);
  assertEquals(a.sink.take(), [line]);
  assertEquals(network.send(echo, line), undefined);
  network.expectSilence();
});

Deno.test("an error goes to the client that sent the request, once, with its bytes as they came", () => {
  const { network, a, echo } = laboratory();
  for (const result of [',"result":null', ""]) {
    network.send(a, request());
    echo.sink.take();
    const line = `{"error":true,"message":"ValueError: x","traceback":["T"]${result}` +
      ',"requester":"a[lab-pc:0]","uid":"1"}';
    assertEquals(network.send(echo, line) === a.sink, true);
    assertEquals(a.sink.take(), [line]);
    network.send(echo, line);
    network.expectSilence();
  }
});

Deno.test("a reply to no pending request reaches no client, and completes no request", () => {
  const { network, a, b, echo, lab } = laboratory();
  network.send(a, request());
  echo.sink.take();
  const reply = { error: false, requester: "a[lab-pc:0]", uid: "1", result: 1 };
  network.send(lab, reply);
  network.send(echo, { ...reply, requester: b.peer.networkName });
  network.send(echo, { ...reply, requester: "a" });
  network.send(echo, { ...reply, uid: "2" });
  network.send(echo, { ...reply, uid: "" });
  network.send(lab, { ...reply, error: true, message: "x" });
  network.expectSilence();
  network.send(echo, reply);
  assertEquals(only(a), reply);
});

Deno.test("where a key of a reply occurs twice the last one counts, as for its reader", () => {
  const { network, a, b, echo } = laboratory();
  network.send(a, request());
  network.send(b, request());
  echo.sink.take();
  network.send(
    echo,
    '{"error":false,"requester":"a[lab-pc:0]","uid":"9","result":1,"uid":"1",' +
      '"requester":"b[lab-pc:1]"}',
  );
  assertEquals(only(b).requester, "b[lab-pc:1]");
  network.expectSilence();
});

Deno.test("equal uids of one client, as a terminal sends them, are answered one by one", () => {
  const { network, a, echo } = laboratory();
  network.send(a, request({ uid: "" }));
  network.send(a, request({ uid: "" }));
  echo.sink.take();
  const reply = { error: false, requester: "a[lab-pc:0]", uid: "", result: 1 };
  for (let i = 0; i < 3; i++) network.send(echo, { ...reply, result: i });
  assertEquals(a.sink.take().map((line) => JSON.parse(line).result), [0, 1]);
});

Deno.test("a request whose uid is that of notifications is answered like any other", () => {
  const { network, a, b, echo } = laboratory();
  network.registry.link(b.peer, "Echo");
  network.send(a, request({ uid: "notification" }));
  assertEquals(only(echo).uid, "notification");
  const reply = { error: false, requester: "a[lab-pc:0]", uid: "notification", result: [[], {}] };
  network.send(echo, reply);
  assertEquals(only(a), reply);
  network.expectSilence();
});

Deno.test("a malformed reply fails the request that it answers, and nothing else", () => {
  const malformed = [
    '{"error":false,"requester":"a[lab-pc:0]","uid":"1","result":[1,2}',
    '{"error":false,"requester":"a[lab-pc:0]","uid":"1","result":nan}',
    '{"error":false,"requester":"a[lab-pc:0]","uid":"1","result":1} x',
    `{"error":false,"requester":"a[lab-pc:0]","uid":"1","result":${"[".repeat(100_000)}`,
    Uint8Array.of(
      ...encoder.encode('{"requester":"a[lab-pc:0]","uid":"1","result":"'),
      0xff,
      ...encoder.encode('"}'),
    ),
  ];
  for (const line of malformed) {
    const { network, a, echo } = laboratory();
    network.send(a, request());
    network.send(a, request({ uid: "2" }));
    echo.sink.take();
    assertEquals(network.send(echo, line) === a.sink, true);
    const error = onlyError(a);
    assertEquals(error.uid, "1");
    assert(
      error.message.startsWith("ValueError: the 'Echo' service sent an invalid answer: "),
      error.message,
    );
    network.expectSilence();
    const late = { error: false, requester: "a[lab-pc:0]", uid: "1", result: 1 };
    network.send(echo, late);
    network.expectSilence();
    network.send(echo, { ...late, uid: "2" });
    assertEquals(only(a).uid, "2");
  }
});

Deno.test("a reply with neither a result nor an error fails the request that it answers", () => {
  const { network, a, echo } = laboratory();
  network.send(a, request());
  echo.sink.take();
  network.send(echo, { error: false, requester: "a[lab-pc:0]", uid: "1" });
  assertEquals(onlyError(a).uid, "1");
});

Deno.test("a malformed reply to no pending request reaches no client", () => {
  const { network, a, lab, echo } = laboratory();
  network.send(a, request());
  echo.sink.take();
  const line = '{"error":false,"requester":"a[lab-pc:0]","uid":"1","result":[1,2}';
  network.send(lab, line);
  network.send(echo, line.replace('"1"', '"2"'));
  network.expectSilence();
});

Deno.test("a reply whose requester or uid is not a string reaches no client", () => {
  const { network, a, echo } = laboratory();
  network.send(a, request());
  echo.sink.take();
  for (
    const line of [
      { error: false, requester: null, uid: "1", result: 1 },
      { error: false, requester: ["a[lab-pc:0]"], uid: "1", result: 1 },
      { error: false, requester: "a[lab-pc:0]", uid: 1, result: 1 },
      { error: false, requester: "a[lab-pc:0]", result: 1 },
      { error: false, result: 1 },
    ]
  ) network.send(echo, line);
  network.expectSilence();
});

// Notifications

Deno.test("a notification goes to every client that is linked, with its bytes as they came", () => {
  const { network, a, b, echo } = laboratory();
  const c = network.client("c");
  network.registry.link(a.peer, "Echo");
  network.registry.link(c.peer, "Echo");
  network.registry.link(b.peer, "Lab");
  for (
    const line of [
      '{"error": false, "result": [[1, "é"], {"n": NaN}], "service": "Echo", "uid": "notification"}',
      '{"error":false,"service":"Echo","uid":"notification","requester":null,"result":[[],{}]}',
    ]
  ) {
    assertEquals(network.send(echo, line), undefined);
    assertEquals(a.sink.take(), [line]);
    assertEquals(c.sink.take(), [line]);
    network.expectSilence();
  }
  network.registry.unlink(a.peer, "Echo");
  network.send(echo, { error: false, service: "Echo", uid: "notification", result: [[], {}] });
  assertEquals([a.sink.take().length, c.sink.take().length], [0, 1]);
});

Deno.test("a service notifies in its own name only", () => {
  const { network, a, b, echo } = laboratory();
  network.registry.link(a.peer, "Echo");
  network.registry.link(b.peer, "Lab");
  const notification = { error: false, uid: "notification", result: [[], {}] };
  for (const service of ["Lab", "Manager", "Echo[lab-pc:2]", "", null, ["Echo"], undefined]) {
    assertEquals(network.send(echo, { ...notification, service }), undefined);
  }
  network.send(
    echo,
    '{"error":false,"service":"Echo","uid":"notification","result":[[],{}],"service":"Lab"}',
  );
  network.expectSilence();
});

Deno.test("a malformed notification reaches no client", () => {
  const { network, a, echo } = laboratory();
  network.registry.link(a.peer, "Echo");
  for (
    const line of [
      '{"error":false,"service":"Echo","uid":"notification","result":[[],{}]',
      '{"error":false,"service":"Echo","uid":"notification","result":[[],{}]}}',
      '{"error":false,"service":"Echo","uid":"notification","result":[nan]}',
    ]
  ) network.send(echo, line);
  network.expectSilence();
});

Deno.test("a notification that has no arguments, or is an error, reaches no client", () => {
  const { network, a, echo } = laboratory();
  network.registry.link(a.peer, "Echo");
  const notification = { error: false, service: "Echo", uid: "notification" };
  for (
    const line of [
      { ...notification, result: 5 },
      { ...notification, result: null },
      { ...notification, result: {} },
      { ...notification, error: true, message: "ValueError: x", result: null },
      { ...notification, error: true, message: "ValueError: x", result: [[], {}] },
      { ...notification, error: true, message: "ValueError: x" },
    ]
  ) network.send(echo, line);
  network.expectSilence();
});

// Requests of a service

Deno.test("a service cannot send requests to services, nor link or lock", () => {
  const { network, echo } = laboratory();
  network.send(echo, request({ service: "Lab" }));
  const error = onlyError(echo);
  assertEquals(error.uid, "1");
  assert(error.message.startsWith("PermissionError: "), error.message);
  for (const attribute of ["link", "unlink", "acquire_lock", "release_lock"]) {
    network.send(echo, request({ service: "Manager", attribute, args: ["Lab"], kwargs: {} }));
    const error = onlyError(echo);
    assertEquals(error.uid, "1");
    assert(error.message.startsWith("PermissionError: 'Echo' is a Service"), error.message);
  }
  network.expectSilence();
});

Deno.test("a service may request the identity of the Manager", () => {
  const { network, echo } = laboratory();
  network.send(echo, request({ service: "Manager", attribute: "identity", args: [], kwargs: {} }));
  const { result, requester, uid, error } = only(echo);
  assertEquals((result as JsonObject).hostname, "lab-pc");
  assertEquals([requester, uid, error], [echo.peer.networkName, "1", false]);
  network.expectSilence();
});

Deno.test("whatever a service sends, a client gets one reply to each request at most", () => {
  const key = fc.constantFrom<string>(...FIELDS);
  const likely = fc.oneof(
    fc.constantFrom("Echo", "Manager", "", "1", "a[lab-pc:0]", "b[lab-pc:1]"),
    fc.constantFrom([], {}, true, false, null),
  );
  const { network, a, b, echo } = laboratory();
  network.registry.link(b.peer, "Echo");
  network.registry.link(b.peer, "Lab");
  let answers = 0;
  fc.assert(
    fc.property(
      fc.array(fc.dictionary(key, likely, { minKeys: 3, noNullPrototype: true }), { maxLength: 5 }),
      (lines) => {
        network.send(a, request());
        echo.sink.take();
        for (const line of lines) network.send(echo, line);
        network.expectSilence(a, echo);
        const received = a.sink.take().map((line) => JSON.parse(line));
        assert(received.length <= 1);
        for (const { requester, uid } of received) {
          assertEquals([requester, uid], ["a[lab-pc:0]", "1"]);
        }
        answers += received.length;
        if (received.length === 0) {
          network.send(echo, { error: false, requester: "a[lab-pc:0]", uid: "1", result: 1 });
          assertEquals(only(a).result, 1);
        }
      },
    ),
    { numRuns: 2_000 },
  );
  assert(answers > 0);
});

// Control messages

const EXTENSIONS = ["cancel", "stream", "parts"];

/** A client and a service that offer every extension, and a pending request between them. */
function controlled() {
  const { network, a: stranger, echo: python } = laboratory();
  const reader = network.client("r", undefined, { extensions: EXTENSIONS });
  const meter = network.service("Meter", -1, EXTENSIONS);
  network.send(reader, request({ service: "Meter", stream: 32 }));
  const { requester } = only(meter);
  return { network, stranger, python, reader, meter, requester };
}

const CONTROLS = [
  request({ service: "Meter", attribute: "__cancel__", args: [], kwargs: {} }),
  request({ service: "Meter", attribute: "__more__", args: [16], kwargs: {} }),
  request({ service: "Meter", attribute: "__part__", args: ["[1,"], kwargs: {} }),
  request({ service: "Meter", attribute: "__room__", args: [4], kwargs: {} }),
];

/** Replies after which the request is still pending. */
const PARTIAL = ["__next__", "__part__", "__room__"];

function value(requester: unknown, result: unknown, attribute = "__next__"): JsonObject {
  return { error: false, requester, uid: "1", attribute, result };
}

Deno.test("a control message goes to the service of the pending request, and gets no reply", () => {
  const { network, reader, meter, requester } = controlled();
  for (const control of CONTROLS) {
    assertEquals(network.send(reader, control) === meter.sink, true);
    assertEquals(only(meter), { ...control, requester });
  }
  network.send(meter, { error: false, requester, uid: "1", result: 1 });
  assertEquals(only(reader).result, 1);
  for (const control of CONTROLS) network.send(reader, control); // it has crossed the reply
  network.send(meter, { error: false, requester, uid: "1", result: 2 });
  network.expectSilence();
});

Deno.test("no client cancels the request of another, nor one of a service without the extension", () => {
  const { network, reader } = controlled();
  const other = network.client("r2", undefined, { extensions: EXTENSIONS });
  network.send(reader, request());
  only(network.devices.find(({ peer }) => peer.name === "Echo")!);
  for (const control of CONTROLS) {
    network.send(other, control);
    network.send(other, { ...control, requester: reader.peer.networkName });
    network.send(reader, { ...control, uid: "2" });
    network.send(reader, { ...control, service: "Echo" });
    network.send(reader, { ...control, service: "Nobody" });
  }
  network.expectSilence();
});

Deno.test("a client that has not offered an extension cannot use it", () => {
  const { network, stranger } = controlled();
  for (const control of CONTROLS) {
    network.send(stranger, control);
    assertEquals(
      onlyError(stranger).message,
      "PermissionError: Cannot request a private attribute",
    );
  }
  network.expectSilence();
});

Deno.test("values of a stream, pieces and room go to the client of the request, until the reply comes", () => {
  const { network, reader, meter, requester } = controlled();
  for (const attribute of PARTIAL) {
    for (const result of [1, null, [2], "text"]) {
      const line = JSON.stringify(value(requester, result, attribute));
      assertEquals(network.send(meter, line) === reader.sink, true);
      assertEquals(reader.sink.take(), [line]);
    }
  }
  network.send(meter, { error: false, requester, uid: "1", result: null });
  assertEquals(only(reader).attribute, undefined);
  for (const attribute of PARTIAL) {
    assertEquals(network.send(meter, value(requester, 3, attribute)), undefined);
  }
  network.expectSilence();
});

Deno.test("an error ends a stream, whatever else the message has", () => {
  const { network, reader, meter, requester } = controlled();
  network.send(meter, { ...value(requester, null), error: true, message: "ValueError: no" });
  assertEquals(only(reader).message, "ValueError: no");
  network.send(meter, value(requester, 1));
  network.expectSilence();
});

Deno.test("a value of a stream goes to no other client, and not to a client without the extension", () => {
  const { network, stranger, meter, reader, requester } = controlled();
  network.send(stranger, request({ service: "Meter" }));
  only(meter);
  network.send(meter, value(stranger.peer.networkName, 1));
  network.send(meter, { ...value(requester, 1), uid: "2" });
  network.send(meter, value("nobody[h:1]", 1));
  network.expectSilence();
  network.send(meter, { error: false, requester: stranger.peer.networkName, uid: "1", result: 2 });
  assertEquals(only(stranger).result, 2); // which is still pending
  network.send(network.devices[3], value(requester, 1)); // of a service without a pending request
  network.expectSilence(reader);
});

Deno.test("the requests of a client that disconnects are cancelled, if the service offers the extension", async () => {
  const { network, reader, meter, python, requester, stranger } = controlled();
  network.send(reader, request());
  network.send(stranger, request({ service: "Meter", uid: 'u"1' }));
  only(python);
  only(meter);
  network.router.sessions.unregister(reader.peer);
  const cancel = { error: false, service: "Meter", attribute: "__cancel__", args: [], kwargs: {} };
  assertEquals(await meter.sink.next(), { ...cancel, requester, uid: "1" });
  network.router.sessions.unregister(stranger.peer);
  const { networkName } = stranger.peer;
  assertEquals(await meter.sink.next(), { ...cancel, requester: networkName, uid: 'u"1' });
  network.expectSilence();
});

Deno.test("a device that requests to be disconnected has its sink closed, without a reply", () => {
  const { network, a, b, echo, lab } = laboratory();
  const python = '{"args": [], "attribute": "__disconnect__", "error": false, "kwargs": {}, ' +
    '"service": "a[lab-pc:0]", "uid": "x"}';
  assertEquals(network.send(a, python), undefined);
  network.send(echo, { attribute: "__disconnect__" });
  network.expectSilence();
  assertEquals(
    [a, b, echo, lab].map(({ sink }) => sink.isClosed),
    [true, false, true, false],
  );
});

// Requests to the Manager

Deno.test("a request to the Manager is answered by the Manager, with its uid", () => {
  const { network, a, echo } = laboratory();
  const link = request({ service: "Manager", attribute: "link", args: ["Echo"], kwargs: {} });
  assertEquals(network.send(a, link) === a.sink, true);
  const { result, requester, uid, error } = only(a);
  assertEquals([requester, uid, error], ["a[lab-pc:0]", "1", false]);
  assertEquals((result as JsonObject).address, echo.peer.address);
  assertEquals([...echo.peer.links], [a.peer]);
  network.expectSilence();
});

Deno.test("a request that the Manager rejects is answered with an error and its uid", () => {
  const { network, a } = laboratory();
  const cases: [JsonObject, string][] = [
    [{ attribute: "link", args: ["Nothing"] }, "KeyError: \"the 'Nothing' service does not exist"],
    [{ attribute: "link", args: [] }, "TypeError: Manager.link() missing 1 required"],
    [{ attribute: "unlink", args: ["Echo"] }, 'KeyError: "cannot unlink a[lab-pc:0]'],
    [{ attribute: "identity", args: [], error: true }, "ValueError: "],
  ];
  for (const [others, text] of cases) {
    network.send(a, request({ service: "Manager", kwargs: {}, ...others }));
    const { message, uid } = onlyError(a);
    assertEquals(uid, "1");
    assertEquals(message.slice(0, text.length), text);
  }
  network.expectSilence();
});

Deno.test("the requester of a request to the Manager cannot be forged", () => {
  const { network, a, b, echo } = laboratory();
  network.send(
    a,
    request({
      service: "Manager",
      attribute: "link",
      args: ["Echo"],
      kwargs: {},
      requester: b.peer.networkName,
    }),
  );
  assertEquals(only(a).requester, "a[lab-pc:0]");
  assertEquals([...echo.peer.links], [a.peer]);
  network.expectSilence();
});

// Requests of administrators

const REJECTION = "ValueError: You must be an administrator to send this request to the Manager";

/** Two clients, two services, and the administrator `admin`. */
async function administrated(password = "secret") {
  const devices = laboratory();
  await devices.network.database.users.insert("admin", password, true);
  return devices;
}

/** A request that only an administrator may send; its result is the names of the users. */
function ofAdministrator(uid: string, others: JsonObject = {}): JsonObject {
  const attribute = "users_table.usernames";
  return request({ service: "Manager", attribute, args: [], kwargs: {}, uid, ...others });
}

/** The answer of a program to a prompt. */
function answer(result: unknown): JsonObject {
  return reply(MANAGER_NAME, { result, uid: "" });
}

Deno.test("an administrator's request prompts the client, and is answered with its own uid", async () => {
  const { network, a } = await administrated();
  assertEquals(network.send(a, ofAdministrator("7")) === a.sink, true);
  assertEquals(only(a), prompt("username", MANAGER_NAME));
  assertEquals(network.send(a, answer("admin")), undefined);
  assertEquals(await a.sink.next(), prompt("password", "admin"));
  network.send(a, answer("secret"));
  const reply = { error: false, requester: "a[lab-pc:0]", uid: "7", result: ["admin"] };
  assertEquals(await a.sink.next(), reply);
  network.send(a, ofAdministrator("8"));
  assertEquals(await a.sink.next(), { ...reply, uid: "8" });
  network.expectSilence();
});

Deno.test("the other requests of a client go on while it is prompted to log in", async () => {
  const { network, a, echo } = await administrated();
  const reply = { error: false, requester: "a[lab-pc:0]", uid: "1", result: 1 };
  const expectOthersGoOn = async () => {
    network.send(echo, reply); // to the request before this one
    assertEquals(only(a), reply);
    network.send(a, request());
    only(echo);
    network.send(a, request({ service: "Manager", attribute: "identity", args: [], kwargs: {} }));
    assertEquals((only(a).result as JsonObject).port, 1875);
    network.send(a, ofAdministrator("8"));
    const { message, uid } = await a.sink.next();
    assertEquals([message, uid], [
      "ValueError: Cannot send this request to the Manager: an administrator's login is under way",
      "8",
    ]);
  };
  network.send(a, request());
  only(echo);
  network.send(a, ofAdministrator("7"));
  only(a);
  await expectOthersGoOn();
  network.send(a, answer("admin"));
  assertEquals(await a.sink.next(), prompt("password", "admin"));
  await expectOthersGoOn();
  network.send(a, answer("secret"));
  await expectOthersGoOn(); // the password is not checked yet
  assertEquals((await a.sink.next()).uid, "7");
  network.expectSilence();
});

for (const password of ["a good password", "12345678", "null", "[1]", '"x"', " x ", "identity"]) {
  Deno.test(`${JSON.stringify(password)} may be typed as a password`, async () => {
    const { network, a } = await administrated(password);
    network.send(a, "Manager users_table.usernames");
    assertEquals(only(a), prompt("username", MANAGER_NAME));
    assertEquals(network.send(a, "admin"), undefined);
    assertEquals(await a.sink.next(), prompt("password", "admin"));
    network.send(a, password);
    const { result, uid } = await a.sink.next();
    assertEquals([result, uid], [["admin"], ""]);
    network.expectSilence();
  });
}

Deno.test("the name and the password may be sent in different forms", async () => {
  const { network, a } = await administrated();
  network.send(a, ofAdministrator("7"));
  only(a);
  network.send(a, "admin");
  await a.sink.next();
  network.send(a, answer("secret"));
  const { result, uid } = await a.sink.next();
  assertEquals([result, uid], [["admin"], "7"]);
});

Deno.test("a client that is no administrator is rejected, with the uid of the request", async () => {
  const { network, a } = await administrated();
  await network.database.users.insert("j.doe", "x", false);
  for (const [username, password] of [["j.doe", "x"], ["admin", "x"], ["nobody", "secret"]]) {
    network.send(a, ofAdministrator("7"));
    only(a);
    network.send(a, answer(username));
    assertEquals(await a.sink.next(), prompt("password", username));
    network.send(a, answer(password));
    const { message, uid, error } = await a.sink.next();
    assertEquals([message, uid, error], [REJECTION, "7", true]);
  }
  network.expectSilence();
});

Deno.test("an administrator's request that fails is answered with an error and its uid", async () => {
  const { network } = await administrated();
  const client = network.client("c", await logIn(network.database, "admin"));
  const cases: [JsonObject, string][] = [
    [
      { attribute: "users_table.nope" },
      "AttributeError: 'UsersTable' object has no attribute 'nope'",
    ],
    [{ attribute: "" }, "AttributeError: 'Manager' object has no attribute ''"],
    [
      { attribute: "users_table.is_admin" },
      "TypeError: UsersTable.is_admin() missing 1 required positional argument: 'username'",
    ],
    [
      { attribute: "users_table.delete", args: ["x"] },
      "ValueError: No user has the username 'x'",
    ],
  ];
  for (const [others, text] of cases) {
    network.send(client, ofAdministrator("7", others));
    const { message, uid, requester, error } = await client.sink.next();
    assertEquals([message, uid, requester, error], [text, "7", client.peer.networkName, true]);
  }
  network.expectSilence();
});

Deno.test("a client whose user logged in during the handshake is prompted only if that is no administrator", async () => {
  const { network } = await administrated();
  const known = network.client("c", await logIn(network.database, "admin"));
  network.send(known, ofAdministrator("7"));
  assertEquals((await known.sink.next()).result, ["admin"]);
  await network.database.users.insert("j.doe", "secret", false);
  const other = network.client("d", await logIn(network.database, "j.doe"));
  network.send(other, ofAdministrator("7"));
  assertEquals(await other.sink.next(), prompt("username", MANAGER_NAME));
});

Deno.test("a message to the Manager itself has at most the size of a handshake's line", () => {
  using network = new Network();
  const [client, service] = [network.client("a"), network.service("S")];
  const limit = 64 * 1024;
  const padded = (line: string, size: number) =>
    line.replace("PAD", "x".repeat(size - line.length + 3));
  const toManager = '{"service":"Manager","attribute":"identity","uid":"1","args":[],"kwargs":{},' +
    '"error":false,"x":"PAD"}';
  const typed = padded("S x PAD", limit);
  for (const device of [client, service]) {
    network.send(device, padded(toManager, limit));
    network.send(device, padded(toManager, limit + 1));
    const [answer, refusal] = device.sink.take().map((line) => JSON.parse(line));
    assertEquals([answer.uid, answer.error, answer.result.port], ["1", false, 1875]);
    assertEquals([refusal.uid, refusal.error, refusal.message], [
      "1",
      true,
      "ValueError: A message to the Manager itself is longer than the limit of 65536 bytes " +
      "(--handshake-size)",
    ]);
  }
  network.send(client, typed);
  assertEquals(JSON.parse(service.sink.take()[0]).args, ["x".repeat(limit - 4)]);
  network.send(client, padded(toManager.replace("Manager", "S"), 500_000));
  assertEquals(service.sink.take()[0].length > 500_000, true);
  network.expectSilence();
});

Deno.test("an access list of many names is short enough for the Manager", async () => {
  using network = new Network();
  const { users, access } = network.database;
  const names = Array.from({ length: 600 }, (_, index) => `user of the laboratory ${index}`);
  await users.insert("admin", "secret", true);
  const client = network.client("a", await logIn(network.database, "admin"));
  network.send(client, {
    service: "Manager",
    attribute: "access_table.allow",
    args: ["S", ...names],
    kwargs: {},
    uid: "1",
    error: false,
  });
  const { message } = await client.sink.next();
  assertEquals(String(message).includes("user of the laboratory 0"), true); // there is no such user
  assertEquals(access.lists().size, 0);
});

Deno.test("the login of one client does not make another an administrator", async () => {
  const { network, a, b } = await administrated();
  network.send(a, ofAdministrator("7"));
  only(a);
  network.send(b, answer("admin")); // b was not prompted
  network.expectSilence();
  network.send(a, answer("admin"));
  assertEquals(await a.sink.next(), prompt("password", "admin"));
  network.send(b, answer("secret"));
  network.expectSilence();
  network.send(a, answer("secret"));
  assertEquals((await a.sink.next()).result, ["admin"]);
  network.send(b, ofAdministrator("7"));
  assertEquals(only(b), prompt("username", MANAGER_NAME));
  const second = network.client("a");
  network.send(second, ofAdministrator("7"));
  assertEquals(only(second), prompt("username", MANAGER_NAME));
  network.expectSilence();
});

Deno.test("an answer without a prompt is ignored", async () => {
  const { network, a } = await administrated();
  for (const result of ["admin", "secret", null]) {
    assertEquals(network.send(a, answer(result)), undefined);
  }
  network.send(a, { error: true, message: "ValueError: x", result: null, uid: "" });
  network.expectSilence();
  network.send(a, ofAdministrator("7"));
  assertEquals(only(a), prompt("username", MANAGER_NAME));
  for (const uid of ["7", "x", 0, false]) {
    assertEquals(network.send(a, { ...answer("admin"), uid }), undefined);
  }
  network.expectSilence();
  assertEquals(a.peer.session.login.isPrompting, true);
});

Deno.test("a malformed reply with its keys in Python's order fails the request that it answers", () => {
  const nested = "[".repeat(600) + "]".repeat(600);
  for (const result of [nested, "01", "nan"]) {
    const { network, a, echo } = laboratory();
    network.send(a, request());
    only(echo);
    network.send(
      echo,
      `{"error": false, "requester": "a[lab-pc:0]", "result": ${result}, "uid": "1"}`,
    );
    const { uid, message } = onlyError(a);
    assertEquals(uid, "1");
    assert(message.startsWith("ValueError: the 'Echo' service sent an invalid answer"), message);
    network.expectSilence();
  }
});

Deno.test("a message that is nested too deep reaches no service", () => {
  const { network, a } = laboratory();
  const nested = "[".repeat(LIMITS.maxDepth) + "]".repeat(LIMITS.maxDepth);
  network.send(a, `{"service":"Echo","attribute":"echo","args":[${nested}],"kwargs":{},"uid":"1"}`);
  assertEquals(onlyError(a).message.includes("deeper than the limit of 512 levels"), true);
  network.expectSilence();
});

Deno.test("a login whose lines come all at once is not routed as messages", async () => {
  const { network, a } = await administrated();
  for (const line of ["Manager users_table.usernames", "admin", "Echo echo secret"]) {
    network.send(a, line);
  }
  const prompts = a.sink.take().map((line) => JSON.parse(line).attribute);
  assertEquals(prompts, ["username", "password"]);
  network.expectSilence(); // the service did not get the password
  assertEquals((await a.sink.next()).message, REJECTION);
});

Deno.test("an answer needs no uid", async () => {
  for (const uid of [undefined, null, ""]) {
    const { network, a } = await administrated();
    network.send(a, ofAdministrator("7"));
    only(a);
    network.send(a, { ...answer("admin"), uid });
    assertEquals(only(a), prompt("password", "admin"), String(uid));
  }
});

Deno.test("a service that sends an administrator's request is rejected without a prompt", async () => {
  const { network, echo } = await administrated();
  for (const attribute of ["users_table.usernames", "shutdown_manager", "nope"]) {
    network.send(echo, ofAdministrator("7", { attribute }));
    const { message, uid } = onlyError(echo);
    assertEquals([message, uid], [REJECTION, "7"]);
  }
  network.expectSilence();
});

// Typed requests

Deno.test("a typed line reaches the service as a request, and the reply comes back", () => {
  const { network, a, echo } = laboratory();
  assertEquals(network.send(a, 'Echo echo 1 [x, "y z"] n=9007199254740993') === echo.sink, true);
  assertEquals(echo.sink.take(), [
    '{"error":false,"service":"Echo","uid":"","attribute":"echo","args":[1,["x","y z"]],' +
    '"kwargs":{"n":9007199254740993},"requester":"a[lab-pc:0]"}',
  ]);
  const reply = { error: false, requester: "a[lab-pc:0]", uid: "", result: 1 };
  network.send(echo, reply);
  assertEquals(only(a), reply);
  network.send(echo, reply);
  network.expectSilence();
});

Deno.test("a typed line links, requests the identity, and disconnects", () => {
  const { network, a, echo } = laboratory();
  network.send(a, "link Echo");
  assertEquals((only(a).result as JsonObject).address, echo.peer.address);
  assertEquals([...echo.peer.links], [a.peer]);
  network.send(a, "identity");
  const { result, uid, requester } = only(a);
  assertEquals([(result as JsonObject).port, uid, requester], [1875, "", "a[lab-pc:0]"]);
  network.send(a, "link Nothing");
  assertEquals(
    onlyError(a).message,
    "KeyError: \"the 'Nothing' service does not exist, cannot link with a[lab-pc:0]\"",
  );
  assertEquals(a.sink.isClosed, false);
  network.send(a, "exit");
  assertEquals(a.sink.isClosed, true);
  network.expectSilence();
});

Deno.test("a typed line cannot forge the requester", () => {
  const { network, a, b, echo } = laboratory();
  network.send(a, `Echo echo requester="${b.peer.networkName}" __proto__=1`);
  const { requester, kwargs } = only(echo);
  assertEquals(requester, "a[lab-pc:0]");
  assertEquals(Object.keys(kwargs as JsonObject), ["requester", "__proto__"]);
});

Deno.test("a typed line that cannot be read is a JSONDecodeError, and the next one is read", () => {
  const { network, a, echo } = laboratory();
  for (
    const line of ["gibberish", "", "Echo echo [1", 'Echo "echo', `Echo ${"x".repeat(70_000)}`]
  ) {
    assertEquals(network.send(a, line) === a.sink, true);
    const { message, uid } = onlyError(a);
    assert(message.startsWith("JSONDecodeError: "), message);
    assertEquals(uid, "");
  }
  network.expectSilence();
  network.send(a, "Echo echo");
  assertEquals(only(echo).args, []);
});

Deno.test("a broken message of a program is a JSONDecodeError, never a typed request or an answer", async () => {
  const { network, a } = await administrated();
  // Were it typed, this service would get it.
  const braced = network.service('{"service":');
  const lines: [string, uid: string][] = [
    ['{"service": "Echo" "attribute": "echo"}', ""],
    ['{"uid":"9","service":"Manager","attribute":"identity","args":[}', "9"],
    ['{"error":false,"uid":"","result":"admin"', ""],
    ['  { "result": "admin"} x', ""],
  ];
  const expectErrors = () => {
    for (const [line, uid] of lines) {
      network.send(a, line);
      const error = onlyError(a);
      assert(error.message.startsWith("JSONDecodeError: "), error.message);
      assertEquals(error.uid, uid);
    }
    assertEquals(braced.sink.lines, []);
    network.expectSilence();
  };
  expectErrors();
  network.send(a, ofAdministrator("7"));
  only(a);
  expectErrors();
  network.send(a, answer("admin"));
  assertEquals(await a.sink.next(), prompt("password", "admin"));
  expectErrors();
  network.send(a, answer("secret"));
  assertEquals((await a.sink.next()).uid, "7");
});

Deno.test("a line that is not UTF-8 is no answer to a prompt", async () => {
  const { network, a } = await administrated();
  network.send(a, ofAdministrator("7"));
  only(a);
  network.send(a, Uint8Array.of(0x61, 0xff));
  assert(onlyError(a).message.startsWith("JSONDecodeError: "));
  assertEquals(a.peer.session.login.isPrompting, true);
});

Deno.test("a typed line of a service is not routed", () => {
  const { network, a, echo } = laboratory();
  network.registry.link(a.peer, "Echo");
  for (const line of ["Lab echo 1", "identity", "link Lab", "exit", "Manager port"]) {
    assertEquals(network.send(echo, line), undefined);
  }
  network.expectSilence();
  assertEquals(echo.sink.isClosed, false);
});

Deno.test("whatever a client types, only the service that it names gets it, as a request of that client", () => {
  const { network, a, echo } = laboratory();
  const word = fc.oneof(
    fc.constantFrom(
      "Echo",
      "echo",
      "Lab",
      "requester=b",
      "error=true",
      "uid=1",
      "[",
      "]",
      '"',
      "'",
    ),
    fc.string({ unit: "binary" }),
  );
  const line = fc.array(word).map((words) => ["Echo", ...words].join(" "));
  let requests = 0;
  fc.assert(
    fc.property(line, (line) => {
      network.send(a, line);
      network.expectSilence(a, echo);
      const [answers, received] = [a.sink.take(), echo.sink.take()];
      assertEquals(answers.length + received.length, 1);
      for (const text of received) {
        const { service, requester, uid, error } = JSON.parse(text);
        assertEquals([service, requester, uid, error], ["Echo", "a[lab-pc:0]", "", false]);
      }
      for (const text of answers) {
        const { message } = JSON.parse(text);
        assert(message.startsWith("JSONDecodeError: "), message);
      }
      requests += received.length;
    }),
    { numRuns: 1_000 },
  );
  assert(requests > 0 && requests < 1_000);
});

Deno.test("forwarded messages are counted, and the others where they fail", () => {
  const network = new Network();
  const client = network.client("a");
  const service = network.service("Echo");
  const { networkName } = client.peer;
  const uid = "1";
  const request = { service: "Echo", attribute: "echo", args: [], kwargs: {}, uid, error: false };
  const reply = { result: 1, requester: networkName, uid, error: false };
  const notification = { result: [[], {}], service: "Echo", uid: "notification", error: false };
  const counted = () => {
    const { requests, answers, notifications, unowedAnswers, misnamedNotifications, errors } =
      network.statistics;
    return [
      [requests, answers, notifications, unowedAnswers, misnamedNotifications],
      errors.toObject(),
    ];
  };
  network.send(client, request);
  network.send(client, { ...request, service: "Nothing" });
  network.send(client, "{");
  assertEquals(counted(), [[1, 0, 0, 0, 0], { KeyError: 1, JSONDecodeError: 1 }]);
  network.send(service, reply);
  network.send(service, reply);
  network.send(client, reply);
  assertEquals(counted(), [[1, 1, 0, 2, 0], { KeyError: 1, JSONDecodeError: 1 }]);
  network.send(service, notification);
  network.send(service, { ...notification, service: "Lab" });
  network.send(client, { ...request, service: "Manager", attribute: "identity" });
  assertEquals(counted(), [[1, 1, 1, 2, 1], { KeyError: 1, JSONDecodeError: 1 }]);
  network.send(client, request);
  network.router.sessions.unregister(service.peer);
  const errors = { KeyError: 1, JSONDecodeError: 1, ConnectionAbortedError: 1 };
  assertEquals(counted(), [[2, 1, 1, 2, 1], errors]);
});

// Counting calls

/** The counters of a device. */
function calls({ peer }: Device) {
  const { ended, errors, timed, seconds } = peer.calls;
  return { ended, errors, timed, seconds };
}

Deno.test("a call takes from the read of its request to that of its reply, for both of its peers", () => {
  const { network, a, b, echo } = laboratory();
  const at = (milliseconds: number, device: Device, message: JsonObject) => {
    network.clock = milliseconds;
    network.statistics.calls.tick();
    network.clock += 1_000; // nobody looks at it again
    network.send(device, message);
  };
  at(100, a, request({ uid: "1" }));
  at(200, a, request({ uid: "2" }));
  at(350, echo, reply("a[lab-pc:0]", { uid: "2" }));
  at(600, echo, { ...reply("a[lab-pc:0]"), ...messages.failure("no") });
  const expected = { ended: 2, errors: 1, timed: 2, seconds: 0.65 };
  assertEquals([calls(a), calls(echo), calls(b).ended], [expected, expected, 0]);
  at(700, echo, reply("a[lab-pc:0]")); // nobody waits for it
  assertEquals(calls(echo), expected);
});

Deno.test("a stream, which may last for days, is counted without its time", () => {
  const network = new Network();
  const echo = network.service("Echo", -1, ["stream"]); // its method echo is a stream
  const page = network.client("page", undefined, { extensions: ["stream"] });
  const python = network.client("python");
  for (const client of [page, python]) network.send(client, request({ uid: "1" }));
  network.send(echo, reply(page.peer.networkName, { attribute: "__next__" }));
  assertEquals(calls(page).ended, 0);
  for (const { peer } of [page, python]) network.send(echo, reply(peer.networkName));
  assertEquals([calls(page).ended, calls(page).timed], [1, 0]);
  assertEquals([calls(python).ended, calls(python).timed], [1, 1]); // it got an array, at once
});

Deno.test("a call that the Manager has to answer is an error, whose time says nothing", () => {
  const { network, a, echo, lab } = laboratory();
  network.send(a, request({ service: "Nothing" }));
  assertEquals(calls(a), { ended: 1, errors: 1, timed: 0, seconds: 0 });
  for (const uid of ["1", "2"]) network.send(a, request({ uid }));
  network.router.sessions.unregister(echo.peer);
  assertEquals([calls(a).ended, calls(a).errors, calls(a).timed], [3, 3, 0]);
  assertEquals(calls(echo), { ended: 2, errors: 2, timed: 0, seconds: 0 });
  network.send(a, request({ service: "Lab", uid: "3" }));
  network.send(lab, '{"result":1,"requester":"a[lab-pc:0]","uid":"3"'); // no closing brace
  assertEquals([calls(lab).errors, calls(a).errors], [1, 4]);
  const gone = network.client("gone");
  network.send(gone, request({ service: "Lab" }));
  network.router.sessions.unregister(gone.peer);
  assertEquals([calls(lab).ended, calls(gone).ended], [1, 0]); // it has no answer
});
