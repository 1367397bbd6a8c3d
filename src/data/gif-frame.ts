/**
 * Where the first frame of a GIF lies on its screen. What it leaves free shows the ground in browsers; libvips gives it as
 * black where the file has no transparent colour. Layout: "Graphics Interchange Format, Version 89a" (CompuServe, 1990).
 */
import { kindOfBytes } from './image-kinds';
import type { RawImage } from './source';

/** Half open, in pixels of the screen. */
export interface Frame {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

const SCREEN_FLAGS = 10;
/** Behind signature and screen. */
const FIRST_TABLE = 13;
const IMAGE = 0x2c;
const EXTENSION = 0x21;

/** Bytes of the table of colours that flags tell of. */
const tableBytes = (flags: number): number => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);

/** Undefined for other files, and for what ends before its first frame. */
export function firstFrame(file: Uint8Array): Frame | undefined {
  if (file.length < FIRST_TABLE || kindOfBytes(file)?.name !== 'GIF') return undefined;
  let at = FIRST_TABLE + tableBytes(file[SCREEN_FLAGS]);
  while (file[at] === EXTENSION) {
    at += 2; // and its label
    while (file[at] > 0) at += 1 + file[at];
    at++;
  }
  if (file[at] !== IMAGE || at + 9 > file.length) return undefined;
  const [left, top, width, height] = [1, 3, 5, 7].map((i) => file[at + i] + 256 * file[at + i + 1]);
  return { top, left, bottom: top + height, right: left + width };
}

/** Gives every pixel outside of the frame one value. */
export function fillAround({ pixels, height, width }: RawImage, frame: Frame, value: number): void {
  const { top, left, bottom, right } = frame;
  if (top <= 0 && left <= 0 && bottom >= height && right >= width) return;
  for (let row = 0; row < height; row++) {
    const own = pixels.subarray(row * width * 3, (row + 1) * width * 3);
    if (row < top || row >= bottom) own.fill(value);
    else own.fill(value, 0, left * 3).fill(value, right * 3);
  }
}
