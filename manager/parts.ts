/**
 * What a running Manager is made of. `manager.ts` imports it when one starts: most programs that load
 * that module, as each command does, only connect to a Manager, and would wait 20 ms for nothing.
 *
 * @module
 */

import "../base/log_tape.ts";

export { Access } from "./access.ts";
export {
  authenticationOf,
  checkAuthentication,
  PlainPasswordWarning,
} from "./authentication_options.ts";
export { certificateWarnings } from "./certificate_warnings.ts";
export { ConnectionHandler } from "./connection_handler.ts";
export { ConnectionRecords } from "./connection_records.ts";
export { credentialFiles, loadCredentials } from "../net/credentials.ts";
export { Database } from "./database/database.ts";
export { Hosts } from "./hosts.ts";
export { listen } from "../net/listener.ts";
export { LongLines } from "./long_lines.ts";
export { MonitoredManager } from "./monitoring_source.ts";
export { openTelemetry } from "../base/telemetry.ts";
export { Registry } from "./registry.ts";
export { RequestHandlers } from "./request_handlers.ts";
export { RequestSpans } from "./request_spans.ts";
export { parseRetention } from "./retention.ts";
export { Router } from "./router.ts";
export { Statistics } from "./statistics.ts";
export { contentOfTotals, managerStatus, totalsOf } from "./status.ts";
