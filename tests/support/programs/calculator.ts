/** A script for `startManager`: a Manager and a Service, until the Service is shut down. */

import { parseStartOptions, runServices, Service } from "../../../mod.ts";

class Calculator extends Service {
  add(x: number, y: number): number {
    return x + y;
  }

  /** Prints to stdout, which may be closed. */
  print(text: string): string {
    console.log(text);
    console.error(text);
    return text;
  }

  shutdownService(): string {
    return "goodbye";
  }
}

console.log("Starting the services");
await runServices(new Calculator(), parseStartOptions());
