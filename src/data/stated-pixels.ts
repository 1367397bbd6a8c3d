/**
 * How many pixels the header of an image file states, found without a decoder: asking one would take as long as decoding a
 * small image. PNG: IHDR (PNG 3, 11.2.1); GIF89a, 18; WebP: RFC 9649, 2.5 to 2.7; JPEG: the frame header (ITU-T T.81, B.2.2);
 * AVIF: ISO/IEC 23008-12, 6.5.3.
 */
import { kindOfBytes } from './image-kinds';
import { tiffHeader } from './tiff-header';

type Find = (view: DataView) => number | undefined;

const png: Find = (view) => view.getUint32(16) * view.getUint32(20);

const gif: Find = (view) => view.getUint16(6, true) * view.getUint16(8, true);

/** "VP8X", "VP8L" and "VP8 ", the first chunk of a file. */
const [EXTENDED, LOSSLESS, LOSSY] = [0x56503858, 0x5650384c, 0x56503820];

const webp: Find = (view) => {
  const chunk = view.getUint32(12);
  if (chunk === EXTENDED) {
    const side = (at: number) => view.getUint16(at, true) + (view.getUint8(at + 2) << 16) + 1;
    return side(24) * side(27);
  }
  if (chunk === LOSSLESS) {
    const bits = view.getUint32(21, true);
    return ((bits & 0x3fff) + 1) * (((bits >>> 14) & 0x3fff) + 1);
  }
  const side = (at: number) => view.getUint16(at, true) & 0x3fff;
  return chunk === LOSSY ? side(26) * side(28) : undefined;
};

/** Start of frame is C0 … CF; among them C4, C8 and CC are something else. */
const isFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

const jpeg: Find = (view) => {
  for (let at = 2; at + 9 <= view.byteLength; ) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    if (isFrame(marker)) return view.getUint16(at + 5) * view.getUint16(at + 7);
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  return undefined;
};

const tiff: Find = (view) => {
  const header = tiffHeader(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  return header && header.width * header.height;
};

/** The largest of the images that an AVIF file is made of: "ispe" boxes, which stand before the pixels. */
const avif: Find = (view) => {
  const length = Math.min(view.byteLength, LONGEST_AVIF_HEADER);
  const bytes = Buffer.from(view.buffer, view.byteOffset, length);
  let most: number | undefined;
  for (let at = bytes.indexOf('ispe'); at >= 0; at = bytes.indexOf('ispe', at + 4))
    most = Math.max(most ?? 0, view.getUint32(at + 8) * view.getUint32(at + 12));
  return most;
};
const LONGEST_AVIF_HEADER = 1 << 16;

const FINDERS: Readonly<Record<string, Find>> = {
  PNG: png,
  GIF: gif,
  WebP: webp,
  JPEG: jpeg,
  TIFF: tiff,
  AVIF: avif,
};

/** Undefined for other kinds, and where the header is cut short or damaged. */
export function statedPixels(file: Uint8Array): number | undefined {
  const find = FINDERS[kindOfBytes(file)?.name ?? ''];
  try {
    return find?.(new DataView(file.buffer, file.byteOffset, file.byteLength));
  } catch {
    return undefined; // beyond the end of the file
  }
}
