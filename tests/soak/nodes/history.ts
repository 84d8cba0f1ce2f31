/**
 * The history of a soak of several nodes: what each process has seen, in its own order. Processes
 * that are killed at any moment write it, so an event is a line that is written before what it tells
 * has an effect elsewhere.
 */

/** What one process has seen, or the soak itself. */
export interface Source {
  /** The name of the process, which no other has. */
  name: string;
  events: Event[];
}

/** An event, in the order of its source. Times are in milliseconds since 1970. */
export type Event = ClientEvent | ServiceEvent | SoakEvent;

/** What a client has done or seen. */
export type ClientEvent =
  | Asked
  /** The call was answered with a result: its own name, or how many values its stream had. */
  | { kind: "answered"; call: string; result: unknown }
  /** The call was answered with an error, whose class has this name. */
  | { kind: "failed"; call: string; error: string; message: string }
  /** A value of a stream, counted from 0. */
  | { kind: "value"; call: string; value: number }
  /** A notification, with the number that the incarnation of the service gave it. */
  | { kind: "notified"; client: string; service: string; incarnation: string; number: number }
  /** The connection or a link of the client has changed. */
  | { kind: "changed"; client: string; service?: string }
  /** The client has disconnected. */
  | { kind: "ended"; client: string; at: number };

/** A call is about to be made. */
export interface Asked {
  kind: "asked";
  /** The name of the call, which no other has. */
  call: string;
  client: string;
  /** The service in its full name, with its node. */
  service: string;
  /** Grows with each call of a client. */
  order: number;
  /** The lock of the service that the client holds: no other client may come between its calls. */
  lock?: string;
}

/** What a service has seen. */
export type ServiceEvent = /** A method begins. */
  {
    kind: "ran";
    call: string;
    client: string;
    service: string;
    /** Who asks, as the Manager says. */
    requester: string;
    lock?: string;
    /** Whether it begins only when its first value is taken, perhaps after later calls. */
    isLate?: true;
  };

/** What the soak has done or seen. */
export type SoakEvent =
  /** A process was killed, and with it the clients in it. */
  | { kind: "killed"; source: string; at: number }
  /** The clients that hold a lock of a service, as its home node says. */
  | { kind: "holders"; service: string; clients: string[]; at: number }
  /** How long it took after a fault until every client could call every service. */
  | { kind: "recovered"; fault: string; took: number };

/** The name of a client of the soak: the node that it is connected to, its process, its number. */
export function clientName(node: string, process: string, number: number): string {
  return `${node}-${process}-${number}`;
}

/** The node that a client is connected to. */
export function nodeOfClient(client: string): string {
  return client.slice(0, client.indexOf("-"));
}

/** The home node of a service in its full name. */
export function nodeOfService(service: string): string {
  return service.slice(0, service.indexOf("."));
}

/** The source that a process has written, line by line; one that was killed may end within a line. */
export function readSource(name: string, text: string): Source {
  const lines = text.split("\n");
  lines.pop(); // what follows the last newline was not written to its end
  return { name, events: lines.map((line) => JSON.parse(line) as Event) };
}
