/** All targets of the fuzzer. */

import { gatewayTargets } from "./gateway.ts";
import { handshakeTargets } from "./handshake.ts";
import { managerTargets } from "./live_manager.ts";
import { longLineTargets } from "./long_lines.ts";
import { readingTargets } from "./reading.ts";
import { routerTargets } from "./router.ts";
import type { Target } from "./target.ts";
import { trunkTargets } from "./trunks.ts";

/** All targets, the fastest first. */
export function targets(): Target[] {
  return [
    ...readingTargets(),
    ...routerTargets(),
    ...trunkTargets(),
    ...handshakeTargets(),
    ...gatewayTargets(),
    ...managerTargets(),
    ...longLineTargets(),
  ];
}
