/**
 * DER, the encoding of certificates (X.690): what `certificate_maker.ts` makes blocks with, and
 * `certificate_text.ts` reads their parts with. `asn1js` does the encoding. A program that only
 * connects needs neither, so those two modules are imported dynamically.
 *
 * @module
 */

import * as asn1 from "asn1js";

/** A block of DER: a tag, a length and a value. */
export type Block = asn1.BaseBlock;

/** A sequence of blocks. */
export function sequence(...value: Block[]): asn1.Sequence {
  return new asn1.Sequence({ value });
}

/** A block with a tag of its context, e.g. `[3]` for the extensions of a certificate. */
export function tagged(tagNumber: number, block: Block): asn1.Constructed {
  return new asn1.Constructed({ idBlock: { tagClass: 3, tagNumber }, value: [block] });
}

/** An object identifier, e.g. `"2.5.29.19"`. */
export function objectId(value: string): asn1.ObjectIdentifier {
  return new asn1.ObjectIdentifier({ value });
}

/** A positive number from its bytes, the most significant one first. Leading zeros are left out. */
export function positiveInteger(bytes: Uint8Array): asn1.Integer {
  return asn1.Integer.fromBigInt(`0x${bytes.toHex()}`);
}

/**
 * Decodes one block.
 *
 * @throws {TypeError} If the bytes are not one block of DER.
 */
export function decodeBlock(der: Uint8Array): Block {
  const { offset, result } = asn1.fromBER(der, { parseEmbedded: false });
  if (offset !== der.length) throw new TypeError(`Not DER: ${result.error}`);
  return result;
}

/**
 * The blocks in a sequence, a set or a tagged block.
 *
 * @throws {TypeError} If there are none in a block of its kind.
 */
export function partsOf(block: Block): Block[] {
  if (!(block instanceof asn1.Constructed)) throw new TypeError("Not a list of blocks");
  return block.valueBlock.value;
}

/** The number of a tag of its context; `undefined` for a tag that means the same everywhere. */
export function tagOf({ idBlock }: Block): number | undefined {
  return idBlock.tagClass === 3 ? idBlock.tagNumber : undefined;
}

/** The value, without the tag and the length. */
export function bytesOf({ valueBeforeDecodeView, idBlock, lenBlock }: Block): Uint8Array {
  return valueBeforeDecodeView.subarray(idBlock.blockLength + lenBlock.blockLength);
}

/** The bits of a bit string. Its first byte, the number of unused bits, is left out. */
export function bitsOf(block: Block): Uint8Array {
  return bytesOf(block).subarray(1);
}
