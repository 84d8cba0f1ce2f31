/** Guesses of passwords from many addresses: whom they delay, and whom they do not. */

import { assertEquals } from "@std/assert";
import { AddressedPeer } from "../support/address.ts";
import { ADMINISTRATOR, Laboratory } from "../support/laboratory.ts";
import { USER } from "../support/python_users.ts";

const WRONG = "ValueError: Wrong login password";
const UNKNOWN = "ValueError: Unregistered user";

/** A Manager on which the next attempt after three failures would have to wait for too long. */
function openLaboratory(): Promise<Laboratory> {
  return Laboratory.withUsers({
    authLogin: true,
    disableTls: true,
    limits: { freeLogins: 3, loginPenalty: 60_000, loginTimeout: 30_000 },
    hosts: { reverse: () => Promise.reject(new Error("no name")) },
  });
}

/** Logs in from an address. Gives `"identity"`, which is what the Manager asks for next, or its error. */
async function logIn(
  { manager }: Laboratory,
  address: string,
  { username, password }: { username: string; password: string },
): Promise<unknown> {
  using peer = new AddressedPeer(manager.connectOptions, address);
  let next = await peer.read();
  for (const answer of [username, password]) {
    if (next.error) break;
    peer.answer(answer);
    next = await peer.read();
  }
  if (next.error) return String(next.message).replace(/: try again in .*/, "");
  peer.answer({ type: "client", name: "c", extensions: ["ready"] }); // so that it is let in
  await peer.read();
  return next.attribute;
}

Deno.test({
  name: "guesses from many addresses delay the user from new addresses, and nobody else",
  ignore: Deno.build.os !== "linux", // elsewhere 127.0.0.1 is the only address of loopback
  async fn() {
    await using laboratory = await openLaboratory();
    const guess = { ...USER, password: "a guess" };
    assertEquals(await logIn(laboratory, "127.0.0.1", USER), "identity");
    for (const address of ["127.0.0.2", "127.0.0.3", "127.0.0.4"]) {
      assertEquals(await logIn(laboratory, address, guess), WRONG);
    }
    const tooMany = "PermissionError: Too many failed logins of 'j.doe'";
    assertEquals(await logIn(laboratory, "127.0.0.5", guess), tooMany);
    assertEquals(await logIn(laboratory, "127.0.0.6", USER), tooMany); // nobody can tell that it is right
    assertEquals(await logIn(laboratory, "127.0.0.1", USER), "identity");
    assertEquals(await logIn(laboratory, "127.0.0.2", ADMINISTRATOR), "identity");
  },
});

Deno.test({
  name: "guesses of names from one address delay that address, and no user elsewhere",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using laboratory = await openLaboratory();
    assertEquals(await logIn(laboratory, "127.0.0.9", USER), "identity");
    for (const username of ["a", "b", "c"]) {
      assertEquals(await logIn(laboratory, "127.0.0.9", { username, password: "" }), UNKNOWN);
    }
    const tooMany = "PermissionError: Too many failed logins from 127.0.0.9";
    assertEquals(await logIn(laboratory, "127.0.0.9", { ...USER, username: "d" }), tooMany);
    assertEquals(await logIn(laboratory, "127.0.0.9", ADMINISTRATOR), tooMany);
    assertEquals(await logIn(laboratory, "127.0.0.9", USER), "identity"); // known there
    assertEquals(await logIn(laboratory, "127.0.0.10", ADMINISTRATOR), "identity");
  },
});
