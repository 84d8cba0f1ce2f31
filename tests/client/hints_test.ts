import { assertEquals } from "@std/assert";
import { explainCall, explainLink } from "../../client/hints.ts";
import { RemoteError, wireMessage } from "../../errors.ts";

const OURS = {
  language: "TypeScript (Deno 2.9.6)",
  attributes: { add: "(x, y=2)", pi: 3.14, name: "a text" },
};
const PYTHON = { ...OURS, language: "Python 3.12.1" };

/** The message of an error with the hint of a call. */
function explained(message: string, attribute = "add", service = OURS): string {
  const error = new RemoteError(message);
  explainCall(error, attribute, service);
  assertEquals(error.remoteMessage, message);
  assertEquals(wireMessage(error), message, "an error that is thrown again has another text");
  assertEquals(error.message.endsWith(error.hint), true);
  return error.message;
}

Deno.test("the arguments of a method of ours are counted without self, and its call is shown", () => {
  const cases = [
    [
      "takes 3 positional arguments but 4 were given",
      "takes 2 positional arguments but 3 were given",
    ],
    [
      "takes 1 positional argument but 2 were given",
      "takes 0 positional arguments but 1 was given",
    ],
    [
      "takes 2 positional arguments but 3 were given",
      "takes 1 positional argument but 2 were given",
    ],
    [
      "takes from 2 to 3 positional arguments but 4 were given",
      "takes from 1 to 2 positional arguments but 3 were given",
    ],
    ["missing 1 required positional argument: 'x'", "missing 1 required positional argument: 'x'"],
    ["got an unexpected keyword argument 'z'", "got an unexpected keyword argument 'z'"],
    ["got multiple values for argument 'x'", "got multiple values for argument 'x'"],
  ];
  for (const [sent, shown] of cases) {
    const call = "Call it as add(x, y=2)";
    assertEquals(
      explained(`TypeError: Lab.add() ${sent}`),
      `TypeError: Lab.add() ${shown}. ${call}`,
    );
    const python = explained(`TypeError: Lab.add() ${sent}`, "add", PYTHON);
    assertEquals(python, `TypeError: Lab.add() ${sent}. ${call}`);
  }
});

Deno.test("an attribute that does not exist is answered with those that do", () => {
  const sent = "AttributeError: 'Lab' object has no attribute 'ad'";
  const names = "It has 'add', 'pi', 'name'";
  assertEquals(explained(sent, "ad"), `${sent}. Did you mean 'add'? ${names}`);
  const other = "AttributeError: 'Lab' object has no attribute 'nothing'";
  assertEquals(explained(other, "nothing"), `${other}. ${names}`);
});

Deno.test("an error that does not speak of the call itself has no hint", () => {
  const cases: [message: string, attribute: string][] = [
    ["AttributeError: 'Voltmeter' object has no attribute 'port'", "add"],
    ["AttributeError: 'Lab' object has no attribute 'add'", "add"],
    ["TypeError: helper() missing 1 required positional argument: 'x'", "add"],
    ["TypeError: add() is what failed", "add"],
    ["TypeError: Lab.pi() takes 1 positional argument but 2 were given", "pi"],
    ["TypeError: Lab.name() takes 1 positional argument but 2 were given", "name"],
    ["ValueError: add() takes 3 positional arguments but 4 were given", "add"],
  ];
  for (const [message, attribute] of cases) assertEquals(explained(message, attribute), message);
});

Deno.test("the error of a link has the services, unless the wanted one has connected meanwhile", () => {
  const sent = `KeyError: "the 'Termometer' service does not exist, cannot link with a[b:1]"`;
  const hintOf = (names: string[]) => {
    const error = new RemoteError(sent);
    explainLink(error, "Termometer", names);
    return error.hint;
  };
  const both = "Did you mean 'Thermometer'? Connected: 'Echo', 'Thermometer'";
  assertEquals(hintOf(["Echo", "Thermometer"]), both);
  assertEquals(hintOf([]), "Connected: none");
  assertEquals(hintOf(["Termometer"]), "");
});
