/** Users as the Python software writes them into the database. */

/** The name and the password of {@linkcode PYTHON_USER}. */
export const USER = { username: "j.doe", password: "a good password" };

/** The key and the salt that Python has computed of the password `a good password`. */
const KEY = "x'2bad341887600fce4b215a4972b0d18a988e7e698c8822ac4a4934bb4af2600e'";
const SALT = "x'0243c267997ef8647888118a402cd324'";

/** The statement that inserts a user with the password `a good password`. */
export function pythonUser(username: string, isAdmin = false): string {
  return `INSERT INTO auth_users VALUES (NULL, '${username}', ${KEY}, ${SALT}, ${
    Number(isAdmin)
  });`;
}

/** The statement that inserts the user `j.doe`, which is no administrator. */
export const PYTHON_USER = pythonUser(USER.username);
