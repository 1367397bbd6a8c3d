/** Pictures of saliency: a heat map over an image, boxes and crosses. All pixels are uint8 RGB, row by row. */
import type { Box } from '../types';

export type Colour = readonly [red: number, green: number, blue: number];

const OUTLINE: Colour = [0, 0, 0];

/**
 * Colours from dark to bright through purple, red and orange. Brightness rises evenly, for readers who cannot
 * tell colours apart.
 */
const HEAT: readonly Colour[] = [
  [0, 0, 12],
  [48, 10, 92],
  [120, 28, 108],
  [187, 55, 84],
  [236, 105, 37],
  [252, 180, 25],
  [252, 255, 164],
];
/** How much of the heat map covers the image. */
const HEAT_SHARE = 0.6;

/** The map scaled to 0 … 1; a constant map becomes 0. */
function stretched(map: Float32Array): Float32Array {
  let [min, max] = [Infinity, -Infinity];
  for (const value of map) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  const range = max - min;
  return map.map((value) => (range > 0 ? (value - min) / range : 0));
}

/** One channel of the heat colour at `share`, 0 … 1. */
function heat(share: number, channel: number): number {
  const position = share * (HEAT.length - 1);
  const below = Math.min(Math.floor(position), HEAT.length - 2);
  const part = position - below;
  return HEAT[below][channel] * (1 - part) + HEAT[below + 1][channel] * part;
}

/** The map as a gray image: the most salient pixel is 255, the least salient 0. */
export function mapToGray(map: Float32Array): Uint8Array {
  return Uint8Array.from(stretched(map), (share) => Math.round(255 * share));
}

/**
 * The map in heat colours over a gray copy of the image.
 * @param pixels height × width × 3
 * @param map height × width; scaled to its own range, unless it has shares, 0 to 1
 */
export function overlay(pixels: Uint8Array, map: Float32Array, isShares = false): Uint8Array {
  const result = new Uint8Array(pixels.length);
  (isShares ? map : stretched(map)).forEach((share, i) => {
    const gray = 0.299 * pixels[3 * i] + 0.587 * pixels[3 * i + 1] + 0.114 * pixels[3 * i + 2];
    for (let c = 0; c < 3; c++)
      result[3 * i + c] = Math.round((1 - HEAT_SHARE) * gray + HEAT_SHARE * heat(share, c));
  });
  return result;
}

/** An image to draw on; drawing changes it. */
export interface Canvas {
  pixels: Uint8Array;
  height: number;
  width: number;
}

/** By which whole factor a picture is enlarged to fill a square; 1 for one that is larger. */
export const factorFor = (height: number, width: number, side: number): number =>
  Math.max(1, Math.floor(side / Math.max(height, width)));

/** A larger copy to draw on, so that lines are equally thin on all pictures. */
export function enlarge({ pixels, height, width }: Canvas, factor: number): Canvas {
  const canvas = {
    pixels: new Uint8Array(pixels.length * factor * factor),
    height: height * factor,
    width: width * factor,
  };
  for (let row = 0; row < canvas.height; row++) {
    for (let col = 0; col < canvas.width; col++) {
      const from = 3 * (Math.floor(row / factor) * width + Math.floor(col / factor));
      canvas.pixels.set(pixels.subarray(from, from + 3), 3 * (row * canvas.width + col));
    }
  }
  return canvas;
}

function fill({ pixels, height, width }: Canvas, area: Box, colour: Colour): void {
  for (let row = Math.max(0, area.top); row < Math.min(height, area.bottom); row++) {
    for (let col = Math.max(0, area.left); col < Math.min(width, area.right); col++)
      pixels.set(colour, 3 * (row * width + col));
  }
}

/**
 * Draws the outline of a box, `thickness` pixels wide, inside the box. Parts outside the image are left out.
 */
export function drawBox(canvas: Canvas, box: Box, colour: Colour, thickness = 1): void {
  const { top, left, bottom, right } = box;
  if (bottom <= top || right <= left) return;
  const rows = Math.min(thickness, bottom - top);
  const cols = Math.min(thickness, right - left);
  fill(canvas, { ...box, bottom: top + rows }, colour);
  fill(canvas, { ...box, top: bottom - rows }, colour);
  fill(canvas, { ...box, right: left + cols }, colour);
  fill(canvas, { ...box, left: right - cols }, colour);
}

/**
 * Draws a cross that reaches `arm` pixels from its centre; its bars are 2·half + 1 wide. An outline makes it
 * visible everywhere.
 */
export function drawCross(
  canvas: Canvas,
  [row, col]: readonly [number, number],
  colour: Colour,
  arm = 4,
  half = Math.floor(arm / 5),
): void {
  const bars = (grow: number): Box[] => {
    const [long, short] = [arm + grow, half + grow];
    return [
      { top: row - short, bottom: row + short + 1, left: col - long, right: col + long + 1 },
      { top: row - long, bottom: row + long + 1, left: col - short, right: col + short + 1 },
    ];
  };
  for (const bar of bars(1)) fill(canvas, bar, OUTLINE);
  for (const bar of bars(0)) fill(canvas, bar, colour);
}
