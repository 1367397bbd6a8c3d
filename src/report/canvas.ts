/** Draws text, and composes pictures, with sharp. */
import { loadSharp } from '../sharp';
import type { ImageBatch } from '../types';

/** RGB pixels, row by row. */
export interface Picture {
  pixels: Uint8Array;
  height: number;
  width: number;
}

/** An image of a batch. */
export function pictureAt({ data, shape }: ImageBatch, i: number): Picture {
  const [, height, width, channels] = shape;
  const each = height * width * channels;
  return { pixels: data.subarray(i * each, (i + 1) * each), height, width };
}

/** An encoded picture, and where it is put. */
export interface Layer {
  input: Buffer;
  left: number;
  top: number;
}

/** A font that comes with the package, since a machine may have none. */
const FONT_FILE = require.resolve('@expo-google-fonts/dm-mono/400Regular/DMMono_400Regular.ttf');

/**
 * Text for the renderer, which reads markup, refuses \0 and breaks lines at \n. Names of classes may contain
 * all of these.
 */
const escaped = (words: string) =>
  words
    .replaceAll(/\p{Cc}/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');

/** Keeps `keep` letters, half from each end, since a path tells most at its ends; '…' stands for the others. */
function shortened(letters: readonly string[], keep: number): string[] {
  const last = Math.floor(keep / 2);
  return [...letters.slice(0, keep - last), '…', ...letters.slice(letters.length - last)];
}

export interface TextStyle {
  /** Height of the letters, in points at 72 dpi: about pixels. */
  size: number;
  /** #rrggbb */
  colour: string;
  /**
   * Largest width in pixels; longer text loses its middle. `compose` cannot take layers that are wider than the
   * picture.
   */
  maxWidth: number;
}

/** A line of text as a PNG with a transparent ground. Its height is nearly the same for all texts. */
export async function text(words: string, style: TextStyle): Promise<Buffer> {
  const { size, colour, maxWidth } = style;
  // The renderer crops the picture to what is drawn. Two invisible letters, one high and one low, give it a
  // fixed height.
  const markup = `<span foreground="${colour}">${escaped(words)}<span fgalpha="1">|f</span></span>`;
  const drawn = loadSharp()({
    text: { text: markup, font: `DM Mono ${size}`, fontfile: FONT_FILE, rgba: true, dpi: 72 },
  });
  const { data, info } = await drawn.png().toBuffer({ resolveWithObject: true });
  const letters = Array.from(words);
  if (info.width <= maxWidth || letters.length < 2) return data;
  // As many letters as fit in proportion, but at least two fewer than before: '…' counts as one, so the text
  // gets shorter.
  const keep = Math.min(letters.length - 2, Math.floor((letters.length * maxWidth) / info.width) - 1);
  return text(shortened(letters, Math.max(0, keep)).join(''), style);
}

/** A picture resized to fit a square: enlarged by a whole factor, so that its pixels stay sharp, or reduced. */
export async function fitted({ pixels, height, width }: Picture, side: number): Promise<Buffer> {
  const factor = Math.floor(side / Math.max(height, width));
  const scaled = factor >= 1 ? [height * factor, width * factor] : [side, side];
  return loadSharp()(pixels, { raw: { height, width, channels: 3 } })
    .resize({ height: scaled[0], width: scaled[1], fit: 'inside', kernel: factor >= 1 ? 'nearest' : 'cubic' })
    .png()
    .toBuffer();
}

/** A plain rectangle. */
export async function bar(width: number, height: number, colour: string): Promise<Buffer> {
  return loadSharp()({ create: { width: Math.max(1, width), height, channels: 3, background: colour } })
    .png()
    .toBuffer();
}

/** Layers on a ground of one colour, as PNG. */
export async function compose(
  width: number,
  height: number,
  ground: string,
  layers: readonly Layer[],
): Promise<Buffer> {
  return loadSharp()({ create: { width, height, channels: 3, background: ground } })
    .composite([...layers])
    .png({ compressionLevel: 9, palette: true, quality: 90, effort: 4 })
    .toBuffer();
}
