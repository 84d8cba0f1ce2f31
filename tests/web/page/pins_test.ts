import { assertEquals } from "@std/assert";
import { signal } from "@preact/signals";
import type { Client } from "../../../web/client.ts";
import { MAX_PINS, nameOf, Pins, type ServiceFacts } from "../../../web/page/pins.ts";
import { until } from "../../support/until.ts";

/** A laboratory with one Client, whose links a test sees. */
function laboratory() {
  const calls: string[] = [];
  const link = (service: string) =>
    Promise.resolve({
      request: (attribute: string, { args = [] }: { args?: unknown[] }) => {
        calls.push(`${service}.${attribute}(${args})`);
        return Object.assign(Promise.resolve(5), { time: 1_000, cancel: () => true });
      },
      unlink: () => {
        calls.push(`unlink ${service}`);
        return Promise.resolve();
      },
    });
  const client = signal<Client | undefined>({ link } as unknown as Client);
  const services = signal<Record<string, ServiceFacts>>({
    DMM: { maxClients: -1, attributes: { voltage: { safe: true, result: { unit: "V" } } } },
    Limited: { maxClients: 1, attributes: { voltage: { safe: true } } },
  });
  const source = {
    client: () => client.value,
    service: (name: string) =>
      Object.hasOwn(services.value, name) ? services.value[name] : undefined,
    explain: String,
  };
  const stored = new Map<string, string>();
  const storage = {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
  };
  return { calls, client, services, source, stored, storage };
}

function removeAll(pins: Pins): void {
  for (const reading of pins.list.value) pins.unpin(reading);
}

Deno.test("a pinned reading is requested at once, with its arguments, and has its unit", async () => {
  const { calls, source } = laboratory();
  const pins = new Pins(source);
  pins.pin({ service: "DMM", attribute: "voltage", args: [2] });
  pins.pin({ service: "DMM", attribute: "voltage", args: [2] });
  const [{ pin, poller }] = pins.list.value;
  await until("a value", () => poller.values.latest);
  assertEquals([calls, pins.list.value.length, nameOf(pin)], [
    ...[["DMM.voltage(2)"], 1, "DMM.voltage(2)"],
  ]);
  const [series] = poller.values.series;
  assertEquals([series.unit, series.latest], ["V", { time: 1000, value: 5 }]);
  removeAll(pins);
  await until("the end of the link", () => calls.at(-1) === "unlink DMM");
});

Deno.test("a reading is gone when its service is, or the Manager", async () => {
  const { client, services, source } = laboratory();
  const pins = new Pins(source);
  pins.pin({ service: "DMM", attribute: "voltage" });
  const [{ poller }] = pins.list.value;
  await until("a value", () => poller.values.latest);
  services.value = {};
  assertEquals([poller.state.value.state, poller.isStale()], ["gone", true]);
  services.value = { DMM: { maxClients: -1, attributes: {} } };
  await until("another value", () => poller.state.value.state === "read");
  client.value = undefined;
  assertEquals(poller.state.value.state, "gone");
  removeAll(pins);
});

Deno.test("after a reload only what is safe, and takes nobody's place, is read by itself", async () => {
  const { source, storage, services } = laboratory();
  const first = new Pins(source, storage);
  for (const attribute of ["voltage", "reset"]) first.pin({ service: "DMM", attribute });
  first.pin({ service: "Limited", attribute: "voltage" });
  first.setEvery(first.list.value[0], 5000);
  for (const { poller } of first.list.value) poller.stop();
  const known = services.value;
  services.value = {};
  const again = new Pins(source, storage);
  services.value = known;
  assertEquals(again.list.value.map(({ pin }) => [nameOf(pin), pin.every]), [
    ["DMM.voltage", 5000],
    ["DMM.reset", 1000],
    ["Limited.voltage", 1000],
  ]);
  await until("a value", () => again.list.value[0].poller.values.latest);
  assertEquals(again.list.value.map(({ poller }) => poller.state.value.state), [
    ...["read", "stopped", "stopped"],
  ]);
  removeAll(again);
  assertEquals(new Pins(source, storage).list.value, []);
});

Deno.test("what is stored is checked, and a browser without storage loses nothing", () => {
  const { source } = laboratory();
  const good = { service: "DMM", attribute: "x", args: [], kwargs: {}, every: 1000 };
  const bad = [
    ...[null, 1, {}, { ...good, every: 1 }, { ...good, every: 1e12 }, { ...good, every: "1000" }],
    ...[{ ...good, args: {} }, { ...good, service: 5 }, { ...good, kwargs: [] }],
  ];
  const many = Array.from({ length: 500 }, (_, index) => ({ ...good, attribute: `a${index}` }));
  const listOf = (text: string) => {
    const pins = new Pins(source, { getItem: () => text, setItem: () => {} });
    const { length } = pins.list.value;
    removeAll(pins);
    return length;
  };
  assertEquals(
    [JSON.stringify([...bad, good, good]), "{", '{"a":1}', JSON.stringify(many)].map(listOf),
    [1, 0, 0, MAX_PINS],
  );
  const refuse = () => {
    throw new DOMException("The storage is switched off", "SecurityError");
  };
  const pins = new Pins(source, { getItem: refuse, setItem: refuse });
  pins.pin(good);
  assertEquals(pins.list.value.length, 1);
  removeAll(pins);
});

Deno.test("no more readings than there is room for are pinned", () => {
  const { source } = laboratory();
  const pins = new Pins({ ...source, service: () => undefined });
  for (let index = 0; index < MAX_PINS + 5; index++) {
    pins.pin({ service: "DMM", attribute: `a${index}` });
  }
  assertEquals([pins.list.value.length, pins.hasRoom], [MAX_PINS, false]);
  removeAll(pins);
});
