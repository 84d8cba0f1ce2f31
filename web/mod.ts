/**
 * The Client for web pages, web workers, Node and Bun: the same Client as that of
 * `@msl/network/client`, over a WebSocket to a Manager that was started with `--web`.
 *
 * @module
 */

export * from "./client.ts";
export { NdArray, type NumberArray } from "../wire/nd_array.ts";
