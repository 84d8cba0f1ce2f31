/** Users who have logged in. */

import type { Database } from "../../manager/database/database.ts";
import type { SessionUser } from "../../manager/database/users_table.ts";

/** A user where there is no database. Two of the same name are the same user. */
export function userNamed(username: string): SessionUser {
  const pid = [...username].reduce((sum, letter) => sum * 31 + letter.codePointAt(0)!, 7) % 2 ** 31;
  return { pid, username, credential: "" };
}

/** A user of the database, who logs in with a password. */
export async function logIn(
  { users }: Pick<Database, "users">,
  username: string,
  password = "secret",
): Promise<SessionUser> {
  const user = await users.logIn(username, password);
  if (user === undefined) throw new TypeError(`${username} cannot log in`);
  return user;
}
