/**
 * The names on which a browser and the gateway of a Manager agree.
 *
 * @module
 */

/** The subprotocol of the WebSocket: the lines of MSL-Network in binary messages. */
export const SUBPROTOCOL = "msl-network.1";

/** The path of the WebSocket. */
export const SOCKET_PATH = "/ws";
