/**
 * The services of other nodes, as the router, the registry and the request handlers see them.
 *
 * @module
 */

/** A service as its node announces it. */
export interface AnnouncedService {
  /** Its name at its node. */
  readonly name: string;
  /** `host:port`, as its Manager sees it. */
  readonly address: string;
  readonly language: string;
  readonly os: string;
  /**
   * The attributes of its identity as JSON; with `null` in the place of each value if only some users
   * may use it.
   */
  readonly attributes: string;
  /** How many clients may be linked at once. 0 or less means no limit. */
  readonly maxClients: number;
  /** The extensions of the protocol that it and its Manager know. */
  readonly extensions: readonly string[];
  /** The methods whose results are streams. */
  readonly streams: readonly string[];
  /** What it says of itself, as JSON; the names alone if only some users may use it. */
  readonly about: string;
}
