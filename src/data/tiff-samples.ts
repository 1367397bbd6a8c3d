/** Which samples of a TIFF are its colours, and which TIFFs libvips would read for something that they are not. */
import { tiffHeader, type TiffHeader } from './tiff-header';

/** Of each photometric interpretation that is decoded: its colours. */
const COLOURS: Readonly<Record<number, { name: string; count: number }>> = {
  0: { name: 'gray', count: 1 },
  1: { name: 'gray', count: 1 },
  2: { name: 'RGB', count: 3 },
  3: { name: 'palette', count: 1 },
  5: { name: 'CMYK', count: 4 },
  6: { name: 'YCbCr', count: 3 },
  8: { name: 'CIELAB', count: 3 },
};
const PALETTE = 3;
const CIELAB = 8;

/**
 * Most work with tiles: libvips looks, for each in a row, through all of that row. 100 000 × 100 000 pixels in tiles of 256 are
 * 2^26; 2^30 take some 8 seconds, and 1190 bytes can call for hours (4 million pixels wide, in tiles of 16).
 */
const MOST_TILE_WORK = 2 ** 30;

const SIGNED = 2;
const FLOATING = 3;

/** ExtraSamples: what a sample beyond the colours is, where it is not alpha. */
const UNSPECIFIED = 0;

export interface TiffSamples {
  /** Why the file cannot be decoded, for a message that begins with its name. */
  refused?: string;
  /** Whether a sample beyond the colours is something else than alpha, so that it must not be blended. */
  hasOther: boolean;
}

/**
 * Looks at the header of a TIFF file. A fourth sample that the file does not call anything is left to be alpha, as nearly
 * all programs that write none of the tag mean it. Files that are not TIFF, or cut short, are for the decoder to refuse.
 */
export function tiffSamples(file: Uint8Array): TiffSamples {
  const header = tiffHeader(file);
  if (!header) return { hasOther: false };
  const refused = whyNot(header);
  const hasOther = header.extraSamples[0] === UNSPECIFIED;
  return refused === undefined ? { hasOther } : { refused, hasOther };
}

function whyNot({ photometric, samples, bits, sampleFormat, tiles }: TiffHeader): string | undefined {
  const colours = COLOURS[photometric];
  if (!colours) {
    return `has pixels of a kind (photometric interpretation ${photometric}) that this build does not decode; convert it to RGB`;
  }
  const { name, count } = colours;
  if (samples > Math.max(count + 1, 4)) {
    return `has ${samples} bands (samples per pixel), more than gray, RGB or CMYK with alpha: write the three to be seen as RGB`;
  }
  if (samples > count + 1 || (photometric === PALETTE && samples > count)) {
    return `has ${samples} samples per pixel, but calls itself ${name} (${count}); write it as RGB`;
  }
  if (sampleFormat === SIGNED || sampleFormat === FLOATING || bits > 16) {
    const form = { [SIGNED]: 'signed integers', [FLOATING]: 'floating-point numbers' }[sampleFormat];
    return `holds ${form ?? 'integers'} of ${bits} bits, whose black and white are not known; convert it to 8 or 16 bits`;
  }
  const fewBits = samples === 1 && [1, 2, 4].includes(bits);
  if ((bits !== 8 && bits !== 16 && !fewBits) || (photometric === PALETTE && bits > 8)) {
    return `has samples of ${bits} bits, which this build does not decode; convert it to 8 or 16 bits`;
  }
  if (tiles && tiles[0] ** 2 * tiles[1] > MOST_TILE_WORK) {
    return `is cut into ${tiles[0]} × ${tiles[1]} tiles, which would take long to decode: save it with larger tiles, or in strips`;
  }
  if (photometric === CIELAB && bits !== 16) {
    return `is CIELAB of ${bits} bits, which this build does not decode; convert it to RGB`;
  }
  return undefined;
}
