/**
 * The Manager as a node of a network of Managers, and the other nodes.
 *
 * @module
 */

import { readableNumber, readableSize } from "../../base/readable.ts";
import type { ManagerStatus, OtherNodeStatus } from "../../wire/status.ts";
import { type Element, html } from "./html.ts";

/** The nodes; nothing for a Manager that is not joined to others, or is of an earlier version. */
export function NodesView({ status: { node, nodes } }: { status: ManagerStatus }): Element | null {
  if (!node) return null;
  const others = Object.entries(nodes);
  const state = node.is_connected ? "connected with NATS" : "not connected with NATS";
  return html`
    <section aria-labelledby="nodes-title">
      <h2 id="nodes-title">Nodes <span class="count">${others.length + 1}</span></h2>
      <p>${"This Manager is the node "}<code>${node.name}</code>${" of the network "}<code>${node
        .network}</code>${`, ${state} at ${node.servers.join(", ")} since ${
        timeText(node.since)
      }.`}</p>
      ${node.problem !== null && html`<p class="problem">${node.problem}</p>`}
      ${others.length === 0
        ? html`<p class="empty">There is no other node.</p>`
        : html`<${NodeTable} nodes=${others} />`}
    </section>
  `;
}

const NUMBERS = ["Services", "Round trip", "Sessions", "Traffic"] as const;

function NodeTable({ nodes }: { nodes: [name: string, node: OtherNodeStatus][] }): Element {
  return html`
    <table class="devices" role="table" aria-label="Nodes">
      <thead role="rowgroup">
        <tr role="row">
          <th scope="col" role="columnheader" class="device">Name</th>
          <th scope="col" role="columnheader">State</th>
          ${NUMBERS.map((name) =>
            html`<th key=${name} scope="col" role="columnheader" class="number">${name}</th>`
          )}
        </tr>
      </thead>
      <tbody role="rowgroup">${nodes.map(([name, node]) => {
        const numbers = [
          readableNumber(node.services.length),
          node.round_trip_ms === null ? "–" : `${node.round_trip_ms} ms`,
          `${readableNumber(node.sessions_out)} out, ${readableNumber(node.sessions_in)} in`,
          `${readableSize(node.bytes_in)} in, ${readableSize(node.bytes_out)} out`,
        ];
        return html`
          <tr key=${name} role="row">
            <th scope="row" role="rowheader" class="device">
              <span class="name">${name}</span>
              <span class="note">${node.address}</span>
            </th>
            <td role="cell" data-name="State">
              ${`${node.is_here ? "here" : "gone"} since ${timeText(node.since)}`}</td>
            ${NUMBERS.map((label, index) =>
              html`<td key=${label} role="cell" data-name=${label} class="number">${
                numbers[index]
              }</td>`
            )}
          </tr>
        `;
      })}</tbody>
    </table>
  `;
}

/** A time as the reader writes it; as it came if it is none. */
function timeText(text: string): string {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? text : time.toLocaleString();
}
