/** Decodes image files to pixels and encodes pixels to files, with sharp. */
import { types } from 'node:util';
import type sharp from 'sharp';
import { invalid } from '../check';
import { reasonOf, SaliencyMixError } from '../errors';
import { type Framing, frameImages, jpegVersion } from '../native/images';
import { loadSharp } from '../sharp';
import { mayHaveDeepProfile } from './deep-profile';
import { fileError } from './fail';
import { fillAround, firstFrame } from './gif-frame';
import { kindOfBytes, whyNotDecoded } from './image-kinds';
import { createSizeGate } from './concurrency';
import { hasUsualProfile } from './jpeg-profile';
import { hasTooManyScans, MOST_SCANS } from './jpeg-scans';
import { DEFAULT_LIMITS, tooManyPixels } from './limits';
import type { Mask, RawImage } from './source';
import { statedPixels } from './stated-pixels';
import { tiffSamples } from './tiff-samples';

/**
 * Images of which many at once would take all memory. All of them together have no more pixels than one of them may have;
 * others are not counted.
 */
const large = createSizeGate();
const LARGE = 1 << 22;

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
 * Which faults of a file sharp refuses. A damaged image must not be taken for a whole one. 'truncated' would
 * accept some damaged TIFFs; 'warning' would refuse files that every viewer shows in full (stray bytes between
 * JPEG markers, as in some files of ImageNet).
 */
const STRICTNESS = { failOn: 'error' } as const;

/** How libtiff and libjpeg say that they know what a file's form is, but cannot decode it. */
const UNKNOWN_FORM =
  /compression support is not configured|Compression scheme .* not implemented|Unsupported JPEG (process|data precision)/;

/**
 * The colour behind transparent pixels. White, the ground on which most cut-out objects are meant to be shown.
 */
const BACKGROUND = '#ffffff';
const BACKGROUND_VALUE = 255;

/**
 * Settings of sharp for a program that converts many images. No operation cache: each image is read once, so
 * the cache only takes memory. One libvips thread per image: many images are decoded at once on libuv's threads
 * already. The settings apply to the whole process, so the command line makes them and the library does not.
 */
export function bulkMode(): void {
  const sharp = loadSharp();
  sharp.cache(false);
  sharp.concurrency(1);
}

/**
 * Decodes the bytes of a file (JPEG, PNG, WebP, GIF, TIFF, AVIF) to 8-bit sRGB, by the file's colour profile.
 * EXIF orientation is applied, transparent pixels and what the first frame of a GIF leaves free are white, samples of a TIFF that are not alpha are left
 * out, and of an animation the first page is taken. With a `size`, the image is resized to cover it and cropped
 * about its centre, unless it is framed otherwise (`crops` of this image alone); the pixels are those of torchvision's Resize and
 * CenterCrop of a PIL image. A RawImage of the right size that is not framed is returned as it is, not copied.
 * @throws (rejects) SaliencyMixError FILE, naming `file`, for anything that is not a complete image, is of a
 *   kind that is not decoded (image-kinds.ts), is a TIFF of samples that say no colour (tiff-samples.ts), or has
 *   more than `maxPixels`
 */
export async function decode(
  input: Uint8Array | RawImage,
  size: Size | undefined,
  file: string,
  { maxPixels } = DEFAULT_LIMITS,
  framing?: Framing,
): Promise<Decoded> {
  const task = async () => {
    const image = types.isUint8Array(input) ? await decodeWhole(input, file, maxPixels) : input;
    return size ? framed(image, size, framing) : image;
  };
  // Of kinds that do not tell their pixels easily, each is taken for a large one.
  const pixels = types.isUint8Array(input) ? (statedPixels(input) ?? LARGE) : 0;
  return pixels < LARGE ? task() : large(pixels, maxPixels, task);
}

/** What is framed of an image, at a size; the image itself where it has that and is not framed. */
export async function framed(image: Decoded, size: Size, framing?: Framing): Promise<Decoded> {
  if (!framing && isSize(image, size)) return image;
  const [height, width] = size;
  const pixels = new Uint8Array(height * width * 3);
  await frameImages({ ...image, count: 1 }, size, framing ?? {}, pixels);
  return { pixels, height, width };
}

/** Decodes a file; the image keeps its size. */
async function decodeWhole(input: Uint8Array, file: string, maxPixels: number): Promise<Decoded> {
  const { image, hasOther } = opened(input, file, maxPixels);
  if (hasOther) image.removeAlpha();
  else image.flatten({ background: BACKGROUND });
  try {
    await cutLowBits(image, input);
    image.autoOrient().toColourspace('srgb').raw();
    const { data, info } = await image.toBuffer({ resolveWithObject: true });
    const { height, width, channels } = info;
    if (channels !== 3) throw new Error(`it has ${channels} channels where there should be 3`);
    const decoded = { pixels: new Uint8Array(data.buffer, data.byteOffset, data.length), height, width };
    const frame = firstFrame(input);
    if (frame) fillAround(decoded, frame, BACKGROUND_VALUE);
    return decoded;
  } catch (error) {
    throw await unreadable(error, input, file, maxPixels);
  }
}

/**
 * sharp brings images of more than 8 bits that have a colour profile to Display P3 and calls it sRGB, and applies
 * no profile to gray ones; those of 8 bits it brings to sRGB. So the bits beyond 8, which would not be kept, are
 * cut off before the profile is applied.
 */
async function cutLowBits(image: sharp.Sharp, input: Uint8Array): Promise<void> {
  if (!mayHaveDeepProfile(input)) return;
  const { space, hasProfile } = await image.metadata();
  if (!hasProfile) return;
  if (space === 'rgb16') image.pipelineColourspace('srgb');
  else if (space === 'grey16') image.pipelineColourspace('b-w');
}

/**
 * Decodes a mask: 1 where any channel but alpha is above 0. Colours are not converted, and 16 bits are not cut to 8, so that no
 * label becomes 0.
 * @throws (rejects) SaliencyMixError FILE
 */
export async function decodeMask(
  input: Uint8Array,
  file: string,
  { maxPixels } = DEFAULT_LIMITS,
): Promise<Mask> {
  const image = loadSharp()(input, { ...STRICTNESS, limitInputPixels: maxPixels, ignoreIcc: true });
  try {
    const labels = image.removeAlpha().toColourspace('rgb16').raw({ depth: 'ushort' });
    const { data, info } = await labels.toBuffer({ resolveWithObject: true });
    const { height, width, channels } = info;
    const values = new Uint16Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.length));
    const pixels = Uint8Array.from({ length: height * width }, (_, i) => {
      const pixel = values.subarray(i * channels, (i + 1) * channels);
      return pixel.some((value) => value > 0) ? 1 : 0;
    });
    return { pixels, height, width };
  } catch (error) {
    throw await unreadable(error, input, file, maxPixels);
  }
}

/**
 * Height and width that `decode` would give without a `size`, read from the file's header.
 * @throws (rejects) SaliencyMixError FILE
 */
export async function probeSize(
  input: Uint8Array | RawImage,
  file: string,
  { maxPixels } = DEFAULT_LIMITS,
): Promise<Size> {
  if (!types.isUint8Array(input)) return [input.height, input.width];
  const { image } = opened(input, file, maxPixels);
  try {
    const { autoOrient, compression } = await image.metadata();
    // libheif reads the header of a HEIC image, whose pixels it cannot decode.
    if (compression === 'hevc' && !decodesHeic()) throw new Error('HEVC is not decoded');
    return [autoOrient.height, autoOrient.width];
  } catch (error) {
    throw await unreadable(error, input, file, maxPixels);
  }
}

/**
 * Encodes uint8 HWC pixels. `png` and `webp` are lossless and `jpeg` has quality 95 and full chroma; `quality`
 * (1 … 100, for webp and jpeg) sets another one. The same pixels give the same bytes.
 * @throws (rejects) SaliencyMixError ARGUMENT where the length of `pixels` does not fit
 */
export async function encode(
  pixels: Uint8Array,
  height: number,
  width: number,
  channels: 1 | 3 | 4,
  format: ImageFormat,
  quality?: number,
): Promise<Uint8Array> {
  if (pixels.length !== height * width * channels) {
    throw invalid('pixels', `${height} × ${width} × ${channels} bytes`, pixels);
  }
  const image = loadSharp()(pixels, { raw: { height, width, channels } });
  image.toColourspace(channels === 1 ? 'b-w' : 'srgb');
  if (format === 'png') image.png({ compressionLevel: 6, adaptiveFiltering: false });
  else if (format === 'jpeg') image.jpeg({ quality: quality ?? 95, chromaSubsampling: '4:4:4' });
  else image.webp(quality === undefined ? { lossless: true } : { quality });
  return image.toBuffer();
}

function isSize(image: RawImage, [height, width]: Size): boolean {
  return image.height === height && image.width === width;
}

/** A sharp pipeline over a file's bytes, with the same options for decoding and probing. */
function opened(
  input: Uint8Array,
  file: string,
  limitInputPixels: number,
): { image: sharp.Sharp; hasOther: boolean } {
  if (input.length === 0) throw fileError(file, 'is empty');
  if (hasTooManyScans(input))
    throw fileError(
      file,
      `has more than ${MOST_SCANS} scans, which would take long to decode: save it again`,
    );
  const { refused, hasOther } = tiffSamples(input);
  if (refused !== undefined) throw fileError(file, refused);
  const image = loadSharp()(input, { ...STRICTNESS, limitInputPixels, ignoreIcc: hasUsualProfile(input) });
  return { image, hasOther };
}

/** The size of an image that was refused for it, from its header: nothing is decoded. */
async function refusedSize(input: Uint8Array): Promise<Size | undefined> {
  const image = loadSharp()(input, { limitInputPixels: false });
  const found = await image.metadata().catch(() => undefined);
  return found && [found.height, found.width];
}

function decodesHeic(): boolean {
  return loadSharp().format.heif.input.fileSuffix?.includes('.heic') ?? false;
}

/**
 * The error for a file that sharp cannot decode. libvips may report a fault on several lines, and adds a line
 * for each seek that failed; repeated lines and those are left out.
 */
async function unreadable(
  error: unknown,
  input: Uint8Array,
  file: string,
  maxPixels: number,
): Promise<SaliencyMixError> {
  const kind = kindOfBytes(input);
  if (kind && !kind.isDecoded) return fileError(file, whyNotDecoded(kind), error);
  const lines = reasonOf(error).split('\n');
  const told = [...new Set(lines.map((line) => line.trim()))].filter(
    (line) => line && !line.startsWith('source: bad seek'),
  );
  if (told.some((line) => line.includes('unsupported image format'))) {
    return fileError(file, 'is not an image that can be read (JPEG, PNG, WebP, GIF, TIFF, AVIF)', error);
  }
  if (told.some((line) => line.includes('exceeds pixel limit'))) {
    return fileError(file, tooManyPixels(await refusedSize(input), maxPixels), error);
  }
  const unknown = told.find((line) => UNKNOWN_FORM.test(line));
  if (unknown !== undefined) {
    return fileError(
      file,
      `is in a form that this build does not decode (${unknown}); convert it to JPEG or PNG`,
      error,
    );
  }
  return fileError(file, `cannot be decoded, it is damaged or cut short: ${told.join('; ')}`, error);
}

/** Versions of the libraries that decode: different ones may give different pixels for the same file. */
export function codecVersions(): { sharp: string; vips: string; jpeg: string } {
  const { versions } = loadSharp();
  return {
    sharp: versions.sharp ?? 'unknown',
    vips: versions.vips,
    jpeg: jpegVersion() || 'sharp',
  };
}
