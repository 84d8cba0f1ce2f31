/**
 * Users of a NATS server with signed names, as NATS's own tools make them: an operator signs an
 * account, and the account its users (JWT of NATS, version 2).
 */

import { nkeys } from "@nats-io/transport-node";
import { createHash } from "node:crypto";

type KeyPair = ReturnType<typeof nkeys.createUser>;

const encoder = new TextEncoder();

/** A server that knows an operator and one account. */
export class NatsAccounts {
  /** The lines of the server's configuration. */
  readonly config: string;
  readonly #account = nkeys.createAccount();

  constructor() {
    const operator = nkeys.createOperator();
    const system = nkeys.createAccount();
    const account = this.#account;
    const limits = {
      subs: -1,
      data: -1,
      payload: -1,
      conn: -1,
      leaf: -1,
      imports: -1,
      exports: -1,
    };
    const accountClaims = (name: string) => ({
      name,
      nats: { type: "account", version: 2, limits },
    });
    const tokens = [[system, "SYS"], [account, "LAB"]] as const;
    const preload = tokens.map(([key, name]) =>
      `${key.getPublicKey()}: ${sign(operator, key, accountClaims(name))}`
    );
    const claims = { name: "lab", nats: { type: "operator", version: 2 } };
    this.config = `operator: ${sign(operator, operator, claims)}
      system_account: ${system.getPublicKey()}
      resolver: MEMORY
      resolver_preload: { ${preload.join("\n")} }`;
  }

  /** A file of credentials for a new user. */
  creds(name: string): string {
    const user = nkeys.createUser();
    const limits = { subs: -1, data: -1, payload: -1 };
    const token = sign(this.#account, user, {
      name,
      nats: { type: "user", version: 2, ...limits },
    });
    const seed = new TextDecoder().decode(user.getSeed());
    return `-----BEGIN NATS USER JWT-----
${token}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${seed}
------END USER NKEY SEED------
`;
  }
}

/** An nkey: the public key, which the server knows, and the seed. */
export function natsKey(): { publicKey: string; seed: string } {
  const key = nkeys.createUser();
  return { publicKey: key.getPublicKey(), seed: new TextDecoder().decode(key.getSeed()) };
}

/** Claims about a key, signed by another one. */
function sign(issuer: KeyPair, subject: KeyPair, claims: object): string {
  const unnamed = {
    ...claims,
    sub: subject.getPublicKey(),
    iss: issuer.getPublicKey(),
    iat: Math.floor(Date.now() / 1_000),
  };
  const jti = createHash("sha256").update(JSON.stringify(unnamed)).digest("hex");
  const signed = [{ typ: "JWT", alg: "ed25519-nkey" }, { ...unnamed, jti }]
    .map((part) => encode(encoder.encode(JSON.stringify(part)))).join(".");
  return `${signed}.${encode(issuer.sign(encoder.encode(signed)))}`;
}

function encode(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
