/**
 * The Client: connects to a Manager, links with Services, and sends their requests.
 *
 * As an entry point it exports all that a program needs which only connects: the Client, the
 * arguments of a call, the Futures and Streams that a call returns, the errors, and their types. Such
 * a program downloads 2 npm packages; one that imports `@msl/network` downloads 16.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { connect, kwargs, options, RemoteError } from "@msl/network/client";
 *
 * await using cxn = await connect({ host: "lab-pc" });
 * const bm = await cxn.link("BasicMath");
 * try {
 *   console.log(await bm.power(2, kwargs({ n: 4 }), options({ timeout: 5_000 })));
 * } catch (error) {
 *   if (error instanceof RemoteError) console.log(error.message);
 * }
 * ```
 *
 * @module
 */

import "./base/log_tape.ts";

export { type ClientOptions, connect } from "./client/connect.ts";
export * from "./client/exports.ts";
export { NdArray, type NumberArray } from "./wire/nd_array.ts";
export type { ConnectOptions } from "./device/connect_options.ts";
