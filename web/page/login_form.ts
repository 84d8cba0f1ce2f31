/**
 * The form of a login: username and password, or the password of the Manager.
 *
 * @module
 */

import { useEffect, useRef, useState } from "preact/hooks";
import { type Element, html } from "./html.ts";
import type { LoginKind, Session } from "./session.ts";

/** The form for what the Manager asks for. `reason`: why the last try was refused. */
export function LoginForm(
  { session, kind, reason }: { session: Session; kind: LoginKind; reason: string | undefined },
): Element {
  const [isBusy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector("input")?.focus(), [kind]);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (isBusy) return;
    const entered = new FormData(form.current!);
    const password = String(entered.get("password"));
    const username = kind === "user" ? String(entered.get("username")) : undefined;
    setBusy(true);
    await session.open({ username, password });
    setBusy(false);
    const field = form.current?.querySelector<HTMLInputElement>("input[type=password]");
    if (!field) return;
    field.value = "";
    field.focus();
  };
  return html`
    <form class="login" onSubmit=${submit} ref=${form}>
      <h1>Log in</h1>
      ${kind === "user" && html`
        <label for="username">Username</label>
        <input id="username" name="username" autocomplete="username" autocapitalize="none"
          spellcheck=${false} required />
      `}
      ${kind === "password" &&
        html`<input hidden name="manager" autocomplete="username" value="Manager" readonly />`}
      <label for="password">${kind === "user" ? "Password" : "Password of the Manager"}</label>
      <input id="password" name="password" type="password" autocomplete="current-password" required
        aria-describedby="login-problem" aria-invalid=${reason !== undefined} />
      <p class="problem" id="login-problem" role="alert">${reason}</p>
      <button type="submit" class="primary" aria-disabled=${isBusy}>Log in</button>
    </form>
  `;
}
