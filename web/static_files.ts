/**
 * What the gateway serves besides the WebSocket: its own page and the Client for other pages, which are
 * part of this package, and the pages of the laboratory under `/lab/`, which are files.
 *
 * @module
 */

import { extname, join, SEPARATOR } from "@std/path";
