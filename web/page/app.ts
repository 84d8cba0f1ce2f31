/**
 * The whole page: the bar with the state of the connection, the list, and what is open.
 *
 * @module
 */

import { isManager, place } from "./address.ts";
import { type Element, html } from "./html.ts";
import type { Laboratory } from "./laboratory.ts";
import { LoginForm } from "./login_form.ts";
import { ManagerView } from "./manager_view.ts";
import { ServiceList } from "./service_list.ts";
import { ServicePanel } from "./service_panel.ts";
import type { Session, SessionState } from "./session.ts";
import { Start } from "./start.ts";
import { timeText } from "./texts.ts";

/** The page. */
export function App({ laboratory }: { laboratory: Laboratory }): Element {
  const { session } = laboratory;
  const state = session.state.value;
  return html`
    <${Bar} laboratory=${laboratory} />
    ${state.state === "login"
      ? html`
        <main class="single">
          <${LoginForm} session=${session} kind=${state.kind}
            reason=${state.reason} />
        </main>
      `
      : state.state === "refused"
      ? html`
        <main class="single">
          <${Refused} session=${session} reason=${state.reason} />
        </main>
      `
      : html`<${Views} laboratory=${laboratory} />`}
  `;
}

function Views({ laboratory }: { laboratory: Laboratory }): Element {
  const { service } = place.value;
  const hasManager = isManager(place.value);
  return html`
    <div class="views" data-open=${String(service !== undefined || hasManager)}>
      <${ServiceList} laboratory=${laboratory} />
      <main>${hasManager
        ? html`<${ManagerView} laboratory=${laboratory} />`
        : service === undefined
        ? html`<${Start} laboratory=${laboratory} />`
        : html`<${ServicePanel} key=${service} laboratory=${laboratory} name=${service} />`}</main>
    </div>
  `;
}

function Bar({ laboratory }: { laboratory: Laboratory }): Element {
  const { session, directory } = laboratory;
  const state = session.state.value;
  const login = session.login.value;
  return html`
    <header class="bar">
      <a class="home" href="#/">MSL-Network</a>
      <span class="manager">${directory.status.value?.manager ?? ""}</span>
      <p class="connection" role="status" data-state=${state.state}>
        <span class="dot" aria-hidden="true"></span>${connectionText(state)}
      </p>
      ${login !== undefined && html`
        <span class="user">${login.username}</span>
        <button type="button" class="quiet" onClick=${() => session.logOut()}>Log out</button>
      `}
    </header>
  `;
}

function connectionText(state: SessionState): string {
  switch (state.state) {
    case "connecting":
      return "Connecting";
    case "login":
      return "Not logged in";
    case "connected":
      return "Live";
    case "lost":
      return `The Manager is away since ${timeText(state.since)}. Connecting again`;
    case "refused":
      return "Refused";
  }
}

function Refused({ session, reason }: { session: Session; reason: string }): Element {
  return html`
    <section class="login">
      <h1>The Manager does not let this page in</h1>
      <p class="problem" role="alert">${reason}</p>
      <button type="button" class="primary" onClick=${() => session.open()}>Try again</button>
    </section>
  `;
}
