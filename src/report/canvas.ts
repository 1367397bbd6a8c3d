/** Text and composition of pictures. The only file of this folder that imports sharp. */
import sharp from 'sharp';

/** RGB pixels, row by row. */
export interface Picture {
  pixels: Uint8Array;
  height: number;
  width: number;
}

export interface Layer {
  input: Buffer;
  left: number;
  top: number;
}

/** A font that comes with the package: a machine need not have any. */
const FONT_FILE = require.resolve('@expo-google-fonts/dm-mono/400Regular/DMMono_400Regular.ttf');

/** Text is markup to the renderer. */
const escaped = (words: string) =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

export interface TextStyle {
  /** Height of the letters, in points at 72 dpi: about pixels. */
  size: number;
  /** #rrggbb */
  colour: string;
}

/** One line of text as a PNG with a transparent ground, of nearly the same height for any letters. */
export async function text(words: string, { size, colour }: TextStyle): Promise<Buffer> {
  // The renderer crops to the ink: letters that cannot be seen reach as high and as low as any.
  const markup = `<span foreground="${colour}">${escaped(words)}<span fgalpha="1">|f</span></span>`;
  return sharp({ text: { text: markup, font: `DM Mono ${size}`, fontfile: FONT_FILE, rgba: true, dpi: 72 } })
    .png()
    .toBuffer();
}

/** A picture brought into a square: enlarged by a whole factor, so that its pixels stay visible, or reduced. */
export async function fitted({ pixels, height, width }: Picture, side: number): Promise<Buffer> {
  const factor = Math.floor(side / Math.max(height, width));
  const scaled = factor >= 1 ? [height * factor, width * factor] : [side, side];
  return sharp(pixels, { raw: { height, width, channels: 3 } })
    .resize({ height: scaled[0], width: scaled[1], fit: 'inside', kernel: factor >= 1 ? 'nearest' : 'cubic' })
    .png()
    .toBuffer();
}

/** A plain rectangle. */
export async function bar(width: number, height: number, colour: string): Promise<Buffer> {
  return sharp({ create: { width: Math.max(1, width), height, channels: 3, background: colour } })
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
  return sharp({ create: { width, height, channels: 3, background: ground } })
    .composite([...layers])
    .png({ compressionLevel: 9, palette: true, quality: 90, effort: 4 })
    .toBuffer();
}
