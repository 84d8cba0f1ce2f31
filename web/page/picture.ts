/// <reference lib="dom" />
/**
 * A picture that a service has sent, shown from the memory of the page.
 *
 * @module
 */

import { Component } from "preact";
import { SaveButton } from "./copy_button.ts";
import { type Element, html } from "./html.ts";
import type { Picture as PictureOrProblem, PictureData } from "./picture_data.ts";

/** A picture, or why it cannot be shown. */
export class Picture extends Component<{ picture: PictureOrProblem }, { broken?: string }> {
  #address: string | undefined;
  #shown: PictureOrProblem | undefined;

  override componentWillUnmount(): void {
    this.#forget();
  }

  render(): Element {
    const { picture } = this.props;
    const { bytes } = picture;
    const address = this.#addressOf(picture);
    const isBroken = this.state.broken !== undefined && this.state.broken === address;
    const type = "type" in picture ? picture.type : "application/octet-stream";
    const name = type === "image/png" ? "picture.png" : "picture.jpg";
    const size = "width" in picture ? `${picture.width} × ${picture.height}` : "";
    return html`<figure class="picture">
      ${
      "problem" in picture || isBroken
        ? html`<p class="problem">${
          "problem" in picture
            ? picture.problem
            : "The picture is broken: the browser cannot read it"
        }</p>`
        : html`
          <img src=${address} alt=${`Picture, ${size} points`} width=${picture.width}
            height=${picture.height}
            onError=${() => this.setState({ broken: address })} />
        `
    }
      <figcaption>${size} ${
      bytes !== undefined &&
      html`<${SaveButton} label="Save" name=${name} type=${type} content=${() => bytes} />`
    }</figcaption>
    </figure>`;
  }

  /** An element shows nothing of what cannot be unpacked, and tells no error. */
  async #check(picture: PictureData, address: string): Promise<void> {
    try {
      (await createImageBitmap(new Blob([picture.bytes], { type: picture.type }))).close();
    } catch {
      if (this.#address === address) this.setState({ broken: address });
    }
  }

  /** The address of the picture in the memory of the page. */
  #addressOf(picture: PictureOrProblem): string {
    if (this.#shown === picture) return this.#address ?? "";
    this.#forget();
    this.#shown = picture;
    if (!("type" in picture)) return "";
    this.#address = URL.createObjectURL(new Blob([picture.bytes], { type: picture.type }));
    this.#check(picture, this.#address);
    return this.#address;
  }

  #forget(): void {
    if (this.#address !== undefined) URL.revokeObjectURL(this.#address);
    this.#address = undefined;
  }
}
