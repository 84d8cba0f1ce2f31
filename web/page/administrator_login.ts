/**
 * How a person becomes an administrator: a form, where the Manager asks for nobody's name, and else the
 * way to log in as another user.
 *
 * @module
 */

import { useRef, useState } from "preact/hooks";
import { type Element, html } from "./html.ts";
import type { Laboratory } from "./laboratory.ts";

/** Says how to log in as an administrator, or asks for it. */
export function AdministratorLogin({ laboratory }: { laboratory: Laboratory }): Element | null {
  const { administrator, session } = laboratory;
  const access = administrator.state.value;
  switch (access.state) {
    case "needed":
      return html`<${Form} laboratory=${laboratory} reason=${access.reason} />`;
    case "other":
      return html`
        <div class="administrator">
          <p>${access.username} is not an administrator. Only administrators read the log and
                  disconnect devices.</p>
          <button type="button" onClick=${() => session.logOut()}>Log in as another user</button>
        </div>
      `;
    default:
      return html`<p class="empty" role="status">Only administrators read it.</p>`;
  }
}

function Form(
  { laboratory, reason }: { laboratory: Laboratory; reason: string | undefined },
): Element {
  const [isBusy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (isBusy) return;
    const entered = new FormData(form.current!);
    setBusy(true);
    await laboratory.administrator.logIn({
      username: String(entered.get("username")),
      password: String(entered.get("password")),
    });
    setBusy(false);
    const field = form.current?.querySelector<HTMLInputElement>("input[type=password]");
    if (!field) return; // the person is an administrator now
    field.value = "";
    field.focus();
  };
  return html`
    <form class="administrator" onSubmit=${submit} ref=${form}>
      <p>Administrators read the log and disconnect devices. The command
        ${" "}<code>user add NAME --admin</code> makes one.</p>
      <div class="field">
        <label for="administrator-name">Username</label>
        <input id="administrator-name" name="username" autocomplete="username"
          autocapitalize="none" spellcheck=${false} required />
      </div>
      <div class="field">
        <label for="administrator-password">Password</label>
        <input id="administrator-password" name="password" type="password"
          autocomplete="current-password" required aria-describedby="administrator-problem"
          aria-invalid=${reason === undefined ? undefined : "true"} />
      </div>
      <button type="submit" class="primary" aria-disabled=${isBusy}>Log in</button>
      <p class="problem" id="administrator-problem" role="alert">${reason}</p>
    </form>
  `;
}
