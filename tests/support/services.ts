/** Services that several tests call. */

import { Service } from "../../mod.ts";

/** Adds, and has a number. */
export class Lab extends Service {
  pi = 3.5;

  add(x: number, y: number): number {
    return x + y;
  }
}
