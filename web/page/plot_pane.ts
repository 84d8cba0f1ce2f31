/// <reference lib="dom" />
/**
 * The component of a plot. It draws at most once in a frame of the screen, and only while something
 * has changed; a plot that takes long to draw is drawn less often, so that the page stays quick.
 *
 * @module
 */

import { Component } from "preact";
import { type Element, html } from "./html.ts";
import { Plot, type PlotLine, type PlotOptions } from "./plot.ts";
import type { Shown } from "./plot_view.ts";

/** What part of the time may be spent with drawing one plot. */
const BUSY = 0.4;

/** What a plot shows. */
export interface PlotPaneProps extends Omit<PlotOptions, "onChange"> {
  /** What is drawn, asked for when it is drawn. */
  content: () => { lines: readonly PlotLine[]; shown: Shown };
  /** Calls a function with each change of the content, until its result is called. */
  listen?: (changed: () => void) => () => void;
  /** The text alternative of the plot, for screen readers. */
  description: string;
}

/** A plot in the page. */
export class PlotPane extends Component<PlotPaneProps> {
  #element: HTMLElement | null = null;
  #plot: Plot | undefined;
  #forget: (() => void) | undefined;
  #frame: number | undefined;
  #listen: PlotPaneProps["listen"];
  /** Not before this time is drawn again. */
  #notBefore = 0;

  override componentDidMount(): void {
    this.#plot = new Plot(this.#element!, {
      ...this.props,
      onZoom: this.props.onZoom && ((shown) => this.props.onZoom?.(shown)),
      onCursor: (at) => this.props.onCursor?.(at),
      onChange: () => this.#request(),
    });
    this.componentDidUpdate();
  }

  override componentDidUpdate(): void {
    if (this.#forget === undefined || this.#listen !== this.props.listen) {
      this.#forget?.();
      this.#listen = this.props.listen;
      this.#forget = this.#listen?.(() => this.#request());
    }
    this.#request();
  }

  override componentWillUnmount(): void {
    this.#forget?.();
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
    this.#plot?.[Symbol.dispose]();
    this.#plot = undefined;
  }

  render(): Element {
    const { description } = this.props;
    return html`<div class="plot" role="img" aria-label=${description} ref=${this.#found}></div>`;
  }

  readonly #found = (element: HTMLElement | null): void => {
    this.#element = element ?? this.#element;
  };

  #request(): void {
    this.#frame ??= requestAnimationFrame((now) => this.#draw(now));
  }

  #draw(now: number): void {
    this.#frame = undefined;
    if (this.#plot === undefined) return;
    if (now < this.#notBefore) return this.#request();
    const begin = performance.now();
    const { lines, shown } = this.props.content();
    this.#plot.draw(lines, shown);
    // uPlot draws in a microtask after this one.
    queueMicrotask(() => {
      const duration = performance.now() - begin;
      this.#notBefore = now + (duration > 4 ? duration / BUSY : 0);
    });
  }
}
