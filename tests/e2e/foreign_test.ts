/** Devices of a third party, which send any JSON that the protocol allows. */

import { assertEquals, assertMatch } from "@std/assert";
import { connect, type JsonObject, Kwargs, kwargs, Service } from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { tool } from "../support/process.ts";
import { RawPeer } from "../support/raw_peer.ts";
import { until } from "../support/until.ts";
import { PYTHON } from "../support/python.ts";

class Lab extends Service {
  echo(...args: unknown[]): unknown[] {
    return args;
  }
}

const CLIENT = '{"result":{"type":"client","name":"LabVIEW"}}\n';
const SERVICE = '{"result":{"attributes":{"read":"()"},"name":"Größe Ω 語","type":"Service"}}\n';

for (const disableTls of [false, true]) {
  const over = disableTls ? "over TCP" : "over TLS";

  Deno.test(`an identity with the required keys alone is accepted, ${over}`, async () => {
    await using manager = await TestManager.start({ disableTls });
    await using _service = await RawPeer.introduce(manager.connectOptions, SERVICE);
    await using client = await RawPeer.introduce(manager.connectOptions, CLIENT);
    await manager.connected("LabVIEW", "Größe Ω 語");
    await client.write(
      ' { "uid" : "é" , "kwargs" : { } , "args" : [ ] , "attribute" : "identity" ,' +
        ' "service" : "Manager" } \n',
    );
    const { result, uid } = JSON.parse(await client.read());
    assertEquals(uid, "é");
    const [[name, entry]] = Object.entries<JsonObject>(result.clients);
    assertMatch(name, /^LabVIEW\[\S+:\d+]$/);
    assertEquals([entry.language, entry.os], ["unknown", "unknown"]);
    const { attributes, language, os, max_clients } = result.services["Größe Ω 語"];
    assertEquals([attributes, language, os, max_clients], [
      { read: "()" },
      "unknown",
      "unknown",
      -1,
    ]);
  });

  Deno.test(`the values of a message are forwarded as they were written, ${over}`, async () => {
    await using manager = await TestManager.start({ disableTls });
    await using service = await RawPeer.introduce(manager.connectOptions, SERVICE);
    await using client = await RawPeer.introduce(manager.connectOptions, CLIENT);
    await manager.connected("LabVIEW", "Größe Ω 語");
    const payload = '[123456789012345678901234567890,1.0e+00,-0,NaN,-Infinity,"\\u00e9 語\\/",{}]';
    await client.write(
      `{"args":${payload},"kwargs":{"b":1,"a":9007199254740993},"extra":[1, 2],` +
        `"attribute":"read","service":"Größe Ω 語","uid":"1","error":false}\n`,
    );
    const request = await service.read();
    assertMatch(request, /^\{"args":\[123456789012345678901234567890,1\.0e\+00,-0,NaN,-Infinity,/);
    assertEquals(request.includes(`"args":${payload}`), true);
    assertEquals(request.includes(`"kwargs":{"b":1,"a":9007199254740993},"extra":[1, 2]`), true);
    const requester = /"requester":"(LabVIEW\[[^\]]+\])"\}$/.exec(request)![1];
    const reply = `{"more":null,"uid":"1","result":${payload},"requester":"${requester}",` +
      `"error":false,"took":1e-3}`;
    await service.write(`${reply}\r\n`);
    assertEquals(await client.read(), reply);
  });

  Deno.test(`the values in an identity are given as they were written, ${over}`, async () => {
    await using manager = await TestManager.start({ disableTls });
    const values = '{"serial": 123456789012345678901, "gain":1.0, "é":[1e+00, NaN,{"-0":-0.0}]}';
    await using _service = await RawPeer.introduce(
      manager.connectOptions,
      `{"result": {"attributes": {}, "\\u0061ttributes": ${values}, "name": "S", ` +
        `"extra": {"attributes": {}}, "type": "service"}, "error": false}\r\n`,
    );
    await using client = await RawPeer.introduce(manager.connectOptions, CLIENT);
    await manager.connected("LabVIEW", "S");
    const requests = [
      '{"service":"Manager","attribute":"identity","args":[],"kwargs":{},"uid":"1"}\n',
      '{"service":"Manager","attribute":"link","args":["S"],"kwargs":{},"uid":"2"}\n',
    ];
    for (const request of requests) {
      await client.write(request);
      assertEquals((await client.read()).includes(`"attributes":${values}`), true);
    }
  });

  Deno.test(`a Client and a Service read and write Python's numbers, ${over}`, async () => {
    await using manager = await TestManager.start({ disableTls });
    await using lab = new Lab();
    await lab.start(manager.connectOptions);
    await using service = await RawPeer.introduce(manager.connectOptions, SERVICE);
    await manager.connected("Größe Ω 語");
    await using cxn = await connect(manager.connectOptions);
    const values = [NaN, Infinity, -Infinity, "NaN", { Infinity: [NaN] }];
    assertEquals(await (await cxn.link<Lab>("Lab")).echo(...values), values);

    const link = await cxn.link("Größe Ω 語");
    const notified = Promise.withResolvers<unknown[]>();
    link.notificationHandler = (...args) => notified.resolve(args);
    const future = link.read(NaN, kwargs({ limit: -Infinity }));
    const request = await service.read();
    assertMatch(request, /"args":\[NaN\],"kwargs":\{"limit":-Infinity\}/);
    const [, uid, requester] = /"uid":"([\w-]+)".*"requester":"([^"]+)"\}$/.exec(request)!;
    await service.write(
      `{"uid":"notification","service":"Größe Ω 語","result":[[Infinity],{"x":NaN}]}\n` +
        `{"result":{"value":NaN,"count":12345678901234567890},"surplus":NaN,` +
        `"requester":"${requester}","uid":"${uid}","error":false}\n`,
    );
    assertEquals(await notified.promise, [Infinity, new Kwargs({ x: NaN })]);
    // JavaScript has doubles: a large integer is rounded to the nearest one.
    assertEquals(await future, { value: NaN, count: 12345678901234567000 });
  });
}

Deno.test("a device that sends a TLS close_notify gets one in reply", async () => {
  await using manager = await TestManager.start();
  const { host, port, certFile } = manager.connectOptions;
  const script = `
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[3])
peer = socket.create_connection((sys.argv[1], int(sys.argv[2])))
peer = context.wrap_socket(peer, server_hostname=sys.argv[1])
assert b"identity" in peer.recv(4096)
peer.unwrap()  # raises if the Manager only hangs up
print("answered")
`;
  const stdout = await tool(PYTHON, "-c", script, host, String(port), certFile!);
  assertEquals(stdout.trim(), "answered");
  const ends = () => manager.manager.status().totals.ended_connections;
  await until("the connection has ended", () => Object.keys(ends()).length > 0);
  assertEquals(ends(), { left: 1 });
});
