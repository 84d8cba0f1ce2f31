/**
 * The whole page: the bar with the state of the connection, the list, and what is open.
 *
 * @module
 */

import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { hashOf, isManager, place } from "./address.ts";
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
  const { service } = place.value;
  useEffect(() => {
    document.title = service === undefined ? "MSL-Network" : `${service} · MSL-Network`;
  }, [service]);
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
  const isOpen = service !== undefined || hasManager;
  const main = useRef<HTMLElement>(null);
  useFocusOnPhone(main, service);
  // Nothing moves: the list and what is beside it are shown once it is known what is connected.
  if (laboratory.directory.status.value === undefined) {
    return html`<div class="views" aria-busy="true"></div>`;
  }
  return html`
    <div class="views" data-open=${String(isOpen)}>
      <button type="button" class="skip" onClick=${() => main.current?.focus()}>
        Skip the list of services
      </button>
      <${ServiceList} laboratory=${laboratory} />
      <main key=${hashOf(place.value.service === undefined ? place.value : { service })} ref=${main}
        tabindex="-1">
        ${isOpen && html`<a class="back" href="#/">All services</a>`}
        ${hasManager
          ? html`<${ManagerView} laboratory=${laboratory} />`
          : service === undefined
          ? html`<${Start} laboratory=${laboratory} />`
          : html`<${ServicePanel} key=${service} laboratory=${laboratory} name=${service} />`}
      </main>
    </div>
  `;
}

/**
 * Where there is room for one of them, the list hides when a service is opened, and the focus with it:
 * it goes on to the service, and back to the link that was followed.
 */
function useFocusOnPhone(main: RefObject<HTMLElement | null>, service: string | undefined): void {
  const before = useRef<string | undefined>(service);
  useEffect(() => {
    const [from, to] = [before.current, service];
    before.current = to;
    if (from === to) return;
    const { activeElement } = document;
    if (activeElement instanceof HTMLElement && activeElement.offsetParent !== null) return;
    const target = to === undefined
      ? document.querySelector<HTMLElement>(`a.service[href="${hashOf({ service: from })}"]`)
      : main.current;
    target?.focus();
  }, [service]);
}

function Bar({ laboratory }: { laboratory: Laboratory }): Element {
  const { session, directory } = laboratory;
  const state = session.state.value;
  const login = session.login.value;
  return html`
    <header class="top-bar">
      <a class="home" href="#/">
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="7" />
          <path d="M5 16c3-11 8-11 11 0s8 11 11 0" />
        </svg>
        MSL-Network</a>
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
