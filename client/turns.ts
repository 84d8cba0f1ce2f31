/**
 * When a Client's requests may be sent: those of an administrator one after the other, since the
 * answer of a Python Manager does not say which of them it is for.
 *
 * While one is out a Python Manager may be asking for a username, and takes whatever line comes
 * next for it; so every other request is held. Our Manager tells them apart, and nothing is.
 *
 * @module
 */

/** Sends a request; gives whether it is out. */
type Send = () => boolean;

/** The order in which requests are sent. */
export class Turns {
  readonly #administrative: { uid: string; send: Send }[] = [];
  readonly #held: (() => unknown)[] = [];
  #current: string | undefined;
  #isShared = false;

  /** The administrator's request that is out. */
  get current(): string | undefined {
    return this.#current;
  }

  /** Sends an administrator's request when it is its turn. */
  administer(uid: string, send: Send): void {
    this.#administrative.push({ uid, send });
    if (this.#current === undefined) this.#next();
  }

  /** Sends any other request, at once if it may. */
  send(send: () => unknown): void {
    if (this.#current === undefined || this.#isShared) send();
    else this.#held.push(send);
  }

  /** A request was answered, or never will be. */
  done(uid: string): void {
    if (uid === this.#current) this.#next();
  }

  /** The Manager is one that lets other requests go on while it asks. */
  share(): void {
    this.#isShared = true;
    this.#release();
  }

  /** The connection has ended. The next Manager may be another one. */
  unshare(): void {
    this.#isShared = false;
  }

  #next(): void {
    this.#current = undefined;
    this.#release();
    for (;;) {
      const next = this.#administrative.shift();
      if (next === undefined) return;
      this.#current = next.uid;
      if (next.send()) return;
      this.#current = undefined;
    }
  }

  #release(): void {
    for (const send of this.#held.splice(0)) send();
  }
}
