/** The status of a Manager, for what is made of it. */

import { Statistics } from "../../manager/statistics.ts";
import { totalsOf } from "../../manager/status.ts";
import type { ClientStatus, ManagerStatus, ServiceStatus } from "../../wire/status.ts";

const NOTHING = {
  pending_requests: 0,
  queued_bytes: 0,
  calls: 0,
  call_errors: 0,
  timed_calls: 0,
  call_seconds: 0,
  bytes_in: 0,
  bytes_out: 0,
  messages_in: 0,
  messages_out: 0,
};
/** A client that has done nothing. */
export const CLIENT: ClientStatus = { links: [], ...NOTHING };
/** A service that has done nothing. */
export const SERVICE: ServiceStatus = {
  address: "lab-pc:2",
  links: [],
  locks: [],
  max_clients: -1,
  ...NOTHING,
};
/** The network name of the client that requests the status. */
const REQUESTER = "status[lab-pc:9]";

/** A status with these totals, and these counts of the connection that requests it. */
export function status(
  totals: Partial<ManagerStatus["totals"]> = {},
  own: Partial<ClientStatus> = {},
  others: Partial<ManagerStatus> = {},
): ManagerStatus {
  return {
    manager: "Manager[lab-pc:1875]",
    requester: REQUESTER,
    version: "0.1.0",
    uptime_s: 10,
    tls: true,
    authentication: "login",
    memory_bytes: 150 * 1024 * 1024,
    open_descriptors: 32,
    unidentified: 1,
    services: {},
    web: null,
    node: null,
    nodes: {},
    ...others,
    clients: { [REQUESTER]: { ...CLIENT, ...own }, ...others.clients },
    totals: {
      ...totalsOf(new Statistics(), []),
      ...totals,
    },
  };
}
