/** Services that several tests call. */

import { Service } from "../../mod.ts";

/** A Service with a method and a property. */
export class Lab extends Service {
  pi = 3.5;

  add(x: number, y: number): number {
    return x + y;
  }
}
