/**
 * Another real browser: Debian's Firefox, which `.ci/run` installs, by its own protocol (WebDriver
 * BiDi). Where there is none, the test that needs it says so and is ignored.
 */

import { existsSync } from "node:fs";
import { Events } from "./events.ts";
import { temporaryFolder } from "./folder.ts";
import { environment, Process } from "./process.ts";

const FIREFOX = "/usr/bin/firefox-esr";

/** Whether tests in Firefox are left out. */
export const noFirefox = !existsSync(FIREFOX);
if (noFirefox) console.log("Tests in Firefox are left out: it is not installed");

/** An answer of the browser: the result or the error of a command. */
interface Answer {
  id: number;
  type: "success" | "error";
  result: Record<string, unknown>;
  message?: string;
}

/** A browser with one tab, which accepts the certificate of any Manager. */
export class Firefox implements AsyncDisposable {
  readonly #socket: WebSocket;
  readonly #answers = new Events<Answer>();
  readonly #resources: AsyncDisposable;
  #lastId = 0;
  #tab = "";

  private constructor(socket: WebSocket, resources: AsyncDisposable) {
    this.#socket = socket;
    this.#resources = resources;
    socket.onmessage = ({ data }) => this.#answers.add(JSON.parse(data));
    socket.onclose = () => this.#answers.end("Firefox has ended");
  }

  /** Starts it, with a profile of its own. */
  static async start(): Promise<Firefox> {
    await using stack = new AsyncDisposableStack();
    const profile = stack.use(await temporaryFolder());
    const program = stack.use(
      new Process(
        new Deno.Command(FIREFOX, {
          args: [
            "--headless",
            "--no-remote",
            "--profile",
            profile.path,
            "--remote-debugging-port=0",
          ],
          env: environment({ env: { HOME: profile.path } }),
          clearEnv: true,
          stdin: "null",
          stdout: "piped",
          stderr: "piped",
        }),
      ),
    );
    const line = await program.stderr.next((line) => line.includes("BiDi listening on "));
    const socket = new WebSocket(`${line.split("listening on ")[1].trim()}/session`);
    const opened = Promise.withResolvers<void>();
    socket.onopen = () => opened.resolve();
    socket.onerror = () => opened.reject(new Error("Firefox does not answer"));
    await opened.promise;
    const firefox = new Firefox(socket, stack.move());
    const capabilities = { alwaysMatch: { acceptInsecureCerts: true } };
    await firefox.#send("session.new", { capabilities });
    const { contexts } = await firefox.#send("browsingContext.getTree", {});
    firefox.#tab = (contexts as { context: string }[])[0].context;
    return firefox;
  }

  /** Opens an address in the tab, and waits until it is loaded. */
  async open(url: string): Promise<void> {
    await this.#send("browsingContext.navigate", { context: this.#tab, url, wait: "complete" });
  }

  /** The value of an expression in the page, or of its promise: a text. */
  async evaluate(expression: string): Promise<string> {
    const target = { context: this.#tab };
    const { type, result, exceptionDetails } = await this.#send(
      "script.evaluate",
      { expression, target, awaitPromise: true },
    ) as { type: string; result: { value: string }; exceptionDetails: { text: string } };
    if (type !== "success") throw new Error(exceptionDetails.text);
    return result.value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#send("browser.close", {});
    await this.#answers.next(() => false).catch(() => {}); // the socket has closed
    await this.#resources[Symbol.asyncDispose]();
  }

  async #send(method: string, params: unknown): Promise<Record<string, unknown>> {
    const id = ++this.#lastId;
    this.#socket.send(JSON.stringify({ id, method, params }));
    const { type, result, message } = await this.#answers.next((answer) => answer.id === id);
    if (type === "error") throw new Error(`${method}: ${message}`);
    return result;
  }
}
