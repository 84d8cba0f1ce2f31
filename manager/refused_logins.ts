/**
 * Why a login is refused, in the words of the records of connections. The status and the metrics count
 * by the same words.
 *
 * @module
 */

/** The reasons. */
export const REFUSED_LOGIN = {
  managerPassword: "wrong Manager password",
  loginPassword: "wrong login password",
  administratorLogin: "wrong administrator login",
  metricsLogin: "wrong metrics login",
  user: "unregistered user",
  hostname: "untrusted hostname",
  throttled: "too many failed logins",
} as const;
