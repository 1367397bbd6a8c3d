/** Image files to pixels and back. The only importer of sharp. */
import { types } from 'node:util';
import sharp from 'sharp';
import { invalid } from '../check';
import { reasonOf, SaliencyMixError } from '../errors';
import { resizeCropImage, jpegVersion } from '../native/images';
import { fileError } from './fail';
import { hasUsualProfile } from './jpeg-profile';
import type { RawImage } from './source';

export type Size = readonly [height: number, width: number];

/** What decoding gives: uint8 RGB, HWC, `pixels[(row·width + column)·3 + channel]`. */
export interface Decoded {
  pixels: Uint8Array;
  height: number;
  width: number;
}

/** Formats that are written; every one that sharp knows is read. */
export const imageFormats = ['png', 'jpeg', 'webp'] as const;
export type ImageFormat = (typeof imageFormats)[number];

/**
 * Half a picture must never pass for a whole one: 'truncated' alone lets some damaged TIFFs through, and 'warning'
 * refuses files that every viewer shows in full (stray bytes between JPEG markers, as some of ImageNet have).
 */
const STRICTNESS = { failOn: 'error' } as const;

/** What lies under transparent pixels. White: the paper that cut-out objects are mostly drawn for. */
const BACKGROUND = '#ffffff';

/**
 * For programs that do nothing but convert many images: no operation cache (each image is met once, so it
 * only grows the resident set), and one libvips thread per image (many images are decoded at once on the
 * libuv pool; a second pool below it only makes both wait). Applies to the whole process, so a library must
 * leave it to its caller.
 */
export function bulkMode(): void {
  sharp.cache(false);
  sharp.concurrency(1);
}

/**
 * Decodes the bytes of a file (JPEG, PNG, WebP, GIF, TIFF, AVIF): EXIF orientation applied, transparency
 * flattened on white, the first page of an animation, any colour space and depth to 8-bit sRGB. With a `size`
 * the image covers it (enlarged too) and what hangs over is cropped evenly on both sides; without one it
 * keeps its own. The pixels are those of torchvision's Resize and CenterCrop of PIL images. A RawImage that has the size
 * already is handed through, its own memory and all.
 *
 * Throws FILE, naming `file`, for anything that is not a whole image, or has more than sharp's 268 million
 * pixels.
 */
export async function decode(
  input: Uint8Array | RawImage,
  size: Size | undefined,
  file: string,
): Promise<Decoded> {
  const image = types.isUint8Array(input) ? await decodeWhole(input, file) : input;
  if (!size || isSize(image, size)) return image;
  return { pixels: await resizeCropImage(image, size), height: size[0], width: size[1] };
}

/** A file's image in its own size. */
async function decodeWhole(input: Uint8Array, file: string): Promise<Decoded> {
  const image = opened(input, file).autoOrient().flatten({ background: BACKGROUND });
  try {
    const { data, info } = await image.toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
    const pixels = new Uint8Array(data.buffer, data.byteOffset, data.length);
    return { pixels, height: info.height, width: info.width };
  } catch (error) {
    throw unreadable(error, file);
  }
}

/**
 * Height and width of a file's image as `decode` would give them, from its header alone. Throws as `decode`
 * does.
 */
export async function probeSize(input: Uint8Array | RawImage, file: string): Promise<Size> {
  if (!types.isUint8Array(input)) return [input.height, input.width];
  const image = opened(input, file);
  try {
    const { autoOrient } = await image.metadata();
    return [autoOrient.height, autoOrient.width];
  } catch (error) {
    throw unreadable(error, file);
  }
}

/**
 * Encodes uint8 HWC pixels: `png` and `webp` without loss, `jpeg` at quality 95 with full chroma, unless a
 * `quality` (1 … 100, for webp and jpeg) says otherwise. The same pixels give the same bytes. Throws ARGUMENT
 * for a wrong length.
 */
export async function encode(
  pixels: Uint8Array,
  height: number,
  width: number,
  channels: 1 | 3 | 4,
  format: ImageFormat,
  quality?: number,
): Promise<Buffer> {
  if (pixels.length !== height * width * channels) {
    throw invalid('pixels', `${height} × ${width} × ${channels} bytes`, pixels);
  }
  const image = sharp(pixels, { raw: { height, width, channels } });
  image.toColourspace(channels === 1 ? 'b-w' : 'srgb');
  if (format === 'png') image.png({ compressionLevel: 6, adaptiveFiltering: false });
  else if (format === 'jpeg') image.jpeg({ quality: quality ?? 95, chromaSubsampling: '4:4:4' });
  else image.webp(quality === undefined ? { lossless: true } : { quality });
  return image.toBuffer();
}

function isSize(image: RawImage, [height, width]: Size): boolean {
  return image.height === height && image.width === width;
}

/** A sharp pipeline over a file's bytes; the options that must be the same for decoding and probing. */
function opened(input: Uint8Array, file: string): sharp.Sharp {
  if (input.length === 0) throw fileError(file, 'is empty');
  return sharp(input, { ...STRICTNESS, ignoreIcc: hasUsualProfile(input) });
}

/**
 * sharp's words turned into ours. libvips reports one fault on several lines, and seeks that missed on many
 * more.
 */
function unreadable(error: unknown, file: string): SaliencyMixError {
  const lines = reasonOf(error).split('\n');
  const told = [...new Set(lines.map((line) => line.trim()))].filter(
    (line) => line && !line.startsWith('source: bad seek'),
  );
  if (told.some((line) => line.includes('unsupported image format'))) {
    return fileError(file, 'is not an image that can be read (JPEG, PNG, WebP, GIF, TIFF, AVIF)', error);
  }
  if (told.some((line) => line.includes('exceeds pixel limit'))) {
    return fileError(file, 'is too large: it has more than 268 million pixels; make it smaller', error);
  }
  return fileError(file, `cannot be decoded, it is damaged or cut short: ${told.join('; ')}`, error);
}

/** Versions of the libraries that decode: different ones may give different pixels for the same file. */
export function codecVersions(): { sharp: string; vips: string; jpeg: string } {
  return {
    sharp: sharp.versions.sharp ?? 'unknown',
    vips: sharp.versions.vips,
    jpeg: jpegVersion() || 'sharp',
  };
}
