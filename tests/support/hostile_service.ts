/** A service whose every word is meant to be taken for a page, a script, or another text. */

import { WirePeer } from "../../testing.ts";
import { type JsonObject, TimeoutError } from "../../mod.ts";
import { encodeNotification } from "../../wire/message.ts";

/** What sets the title of a page that takes it for HTML. */
const MARKUP =
  `<img src=x onerror="document.title='taken'"><script>document.title="taken"</script>`;

/** Texts of that service, each with a word to find it by. */
export const HOSTILE = {
  name: `Oven ${MARKUP}`,
  description:
    `says-description ${MARKUP} </textarea></title><svg onload="document.title='taken'">`,
  method: "says_method<b>",
  parameter: `says-parameter`,
  unit: `<i>unit</i>`,
  choice: `says-choice "><script>document.title='taken'</script>`,
  result: `says-result ${MARKUP} javascript:document.title='taken' \x1b[31mred\x1b[0m`,
  error: `says-error ${MARKUP} \u202egpj.exe\u202c \x1b[2J`,
  traceback: `says-traceback ${MARKUP}`,
  notification: `says-notification ${MARKUP}`,
  key: `says-key<u>`,
  language: `says-language ${MARKUP}`,
} as const;

/** The service on the network, which answers each request. Dispose of it. */
export async function hostileService(
  to: Parameters<typeof WirePeer.introduce>[0],
): Promise<AsyncDisposable & { tell(): void }> {
  const { method, parameter, unit, choice } = HOSTILE;
  const about: JsonObject = {
    description: HOSTILE.description,
    attributes: {
      [method]: {
        description: HOSTILE.description,
        parameters: [
          {
            name: parameter.replace("-", "_"),
            description: HOSTILE.description,
            unit,
            schema: { enum: [choice, "fail", "\u202eevil"] },
          },
        ],
        result: { unit },
      },
      constant: { description: HOSTILE.description },
    },
    notifications: { [HOSTILE.key]: { unit } },
    implements: [`<b>role</b>`],
  };
  const peer = await WirePeer.introduce(to, {
    type: "service",
    name: HOSTILE.name,
    attributes: {
      [method]: `(${parameter.replace("-", "_")}=None) -> <script>`,
      constant: HOSTILE.result,
      "__proto__x": "()",
      "constructor": "()",
    },
    language: HOSTILE.language,
    os: MARKUP,
    max_clients: -1,
    extensions: ["ready", "about"],
    about,
  });
  const answering = answer(peer);
  return {
    tell: () =>
      peer.send(
        encodeNotification(HOSTILE.name, [HOSTILE.notification, { [HOSTILE.key]: MARKUP }], {
          [HOSTILE.key]: 1,
        }),
      ),
    async [Symbol.asyncDispose]() {
      await peer.close();
      await answering;
    },
  };
}

async function answer(peer: WirePeer): Promise<void> {
  for (;;) {
    let text: string | undefined;
    try {
      text = await peer.readText();
    } catch (error) {
      if (error instanceof TimeoutError) continue; // nothing was asked
      throw error;
    }
    if (text === undefined) return;
    const request = JSON.parse(text);
    if (typeof request.attribute !== "string") continue;
    const common = { requester: request.requester, uid: request.uid };
    const isFailure = JSON.stringify([request.args, request.kwargs]).includes("fail");
    peer.send(
      isFailure
        ? {
          ...common,
          error: true,
          message: `<b>Error</b>: ${HOSTILE.error}`,
          traceback: [HOSTILE.traceback],
          result: null,
        }
        : { ...common, error: false, result: { text: HOSTILE.result, [HOSTILE.key]: [MARKUP] } },
    );
  }
}
