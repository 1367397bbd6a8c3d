/**
 * What a TIFF's first directory says of its samples: libvips reads some of them for what they are not, without a word.
 *
 * Tags, their types and values: TIFF 6.0 (Adobe, 1992), sections 2, 8 and 18 (ExtraSamples); BigTIFF has 64-bit counts
 * and offsets.
 */

export interface TiffHeader {
  /** What the samples are: 0 and 1 gray, 2 RGB, 3 numbers in a palette, 5 inks (CMYK), 6 YCbCr, 8 … 10 CIELAB. */
  readonly photometric: number;
  readonly samples: number;
  /** 0 where it does not say. */
  readonly width: number;
  readonly height: number;
  /** Bits of a sample. */
  readonly bits: number;
  /** How a sample is written: 1 an unsigned integer, 2 a signed one, 3 floating point, 4 not said. */
  readonly sampleFormat: number;
  /** What each sample beyond the colours is: 0 not said, 1 alpha that colours are multiplied by, 2 alpha. */
  readonly extraSamples: readonly number[];
  readonly hasProfile: boolean;
  /** Where the image is cut into tiles: how many are side by side, and one below the other. */
  readonly tiles?: readonly [across: number, down: number];
}

const WIDTH = 256;
const HEIGHT = 257;
const [TILE_WIDTH, TILE_HEIGHT] = [322, 323];
const PHOTOMETRIC = 262;
const SAMPLES = 277;
const BITS = 258;
const SAMPLE_FORMAT = 339;
const EXTRA_SAMPLES = 338;
const PROFILE = 34675;

const SIDES = [WIDTH, HEIGHT, TILE_WIDTH, TILE_HEIGHT];
const WANTED = [...SIDES, PHOTOMETRIC, SAMPLES, BITS, SAMPLE_FORMAT, EXTRA_SAMPLES, PROFILE];

/** What the count of a classic directory can say. A BigTIFF's could send the reader through the whole file. */
const MOST_TAGS = 65_535;

/** More values than this are not read of one tag. */
const MOST_VALUES = 16;

/** The header of a TIFF file's first page, or undefined where it is not a TIFF or is cut short before its end. */
export function tiffHeader(file: Uint8Array): TiffHeader | undefined {
  const tags = firstDirectory(new DataView(file.buffer, file.byteOffset, file.byteLength));
  if (!tags) return undefined;
  const first = (tag: number, fallback: number) => tags.get(tag)?.[0] ?? fallback;
  const samples = first(SAMPLES, 1);
  return {
    photometric: first(PHOTOMETRIC, samples < 3 ? 1 : 2), // a file without the tag is read like this, too
    samples,
    width: first(WIDTH, 0),
    height: first(HEIGHT, 0),
    bits: first(BITS, 1),
    sampleFormat: first(SAMPLE_FORMAT, 1),
    extraSamples: tags.get(EXTRA_SAMPLES) ?? [],
    hasProfile: tags.has(PROFILE),
    tiles: tilesOf(SIDES.map((tag) => first(tag, 0))),
  };
}

const tilesOf = ([width, height, tileWidth, tileHeight]: readonly number[]): TiffHeader['tiles'] =>
  tileWidth > 0 && tileHeight > 0
    ? [Math.ceil(width / tileWidth), Math.ceil(height / tileHeight)]
    : undefined;

/** A whole number of 1, 2, 4 or 8 bytes in the file; NaN beyond its end. */
type Read = (at: number, bytes: number) => number;

/** The wanted tags of the first directory; undefined where any of it is beyond the file's end. */
function firstDirectory(view: DataView): Map<number, number[]> | undefined {
  const order = view.byteLength < 8 ? 0 : view.getUint16(0);
  const little = order === 0x4949;
  if (!little && order !== 0x4d4d) return undefined;
  const read: Read = (at, bytes) => {
    if (!(at + bytes <= view.byteLength)) return Number.NaN;
    if (bytes === 1) return view.getUint8(at);
    if (bytes === 2) return view.getUint16(at, little);
    return bytes === 4 ? view.getUint32(at, little) : Number(view.getBigUint64(at, little));
  };
  const version = read(2, 2);
  if (version !== 42 && version !== 43) return undefined;
  return readDirectory(read, version === 43);
}

function readDirectory(read: Read, isBig: boolean): Map<number, number[]> | undefined {
  const start = isBig ? read(8, 8) : read(4, 4);
  const count = Math.min(read(start, isBig ? 8 : 2), MOST_TAGS);
  if (Number.isNaN(count)) return undefined;
  const tags = new Map<number, number[]>();
  const size = isBig ? 20 : 12;
  for (let i = 0, at = start + (isBig ? 8 : 2); i < count; i++, at += size) {
    const tag = read(at, 2);
    if (Number.isNaN(tag)) return undefined;
    if (!WANTED.includes(tag)) continue;
    const found = values(read, at, isBig);
    if (found.some(Number.isNaN)) return undefined;
    tags.set(tag, found);
  }
  return tags;
}

/** The first values of the entry at `at`, where they are bytes, 16-bit or 32-bit numbers. */
function values(read: Read, at: number, isBig: boolean): number[] {
  const bytes = { 1: 1, 3: 2, 4: 4 }[read(at + 2, 2)];
  if (!bytes) return [];
  const word = isBig ? 8 : 4;
  const count = read(at + 4, word);
  const inline = at + 4 + word;
  const place = count * bytes <= word ? inline : read(inline, word);
  const length = Number.isNaN(count) ? 1 : Math.min(count, MOST_VALUES);
  return Array.from({ length }, (_, i) => read(place + i * bytes, bytes));
}
