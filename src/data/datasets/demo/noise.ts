/** Smooth noise, and colours, for the pictures of the demo data set. */
import type { Stream } from '../../../rng';

export type Rgb = readonly [red: number, green: number, blue: number];
/** A function of a point in the unit square, with values in 0 … 1. */
export type Field = (x: number, y: number) => number;

/** Value noise: random values on a lattice of cells × cells, smoothly interpolated. */
function lattice(stream: Stream, cells: number): Field {
  const side = cells + 2;
  const values = Float32Array.from({ length: side * side }, () => stream.uniform());
  const smooth = (t: number) => t * t * (3 - 2 * t);
  return (x, y) => {
    const [gx, gy] = [x * cells, y * cells];
    const [col, row] = [Math.floor(gx), Math.floor(gy)];
    const [fx, fy] = [smooth(gx - col), smooth(gy - row)];
    const at = row * side + col;
    const above = values[at] + fx * (values[at + 1] - values[at]);
    const below = values[at + side] + fx * (values[at + side + 1] - values[at + side]);
    return above + fy * (below - above);
  };
}

/** Fractal noise: a sum of lattices, each twice as fine and `fade` times as strong as the one before. */
export function fractal(stream: Stream, cells: number, octaves: number, fade = 0.55): Field {
  const layers = Array.from({ length: octaves }, (_, octave) => lattice(stream, cells * 2 ** octave));
  const strengths = layers.map((_, octave) => fade ** octave);
  const total = strengths.reduce((sum, strength) => sum + strength);
  return (x, y) => {
    let sum = 0;
    for (let i = 0; i < layers.length; i++) sum += strengths[i] * layers[i](x, y);
    return sum / total;
  };
}

/** HSV to RGB: hue in turns (1 is 360°), saturation and value in 0 … 1, result in 0 … 1. */
export function colourOf(hue: number, saturation: number, value: number): Rgb {
  const channel = (offset: number) => {
    const k = (offset + 6 * (hue - Math.floor(hue))) % 6;
    return value - value * saturation * Math.max(0, Math.min(k, 4 - k, 1));
  };
  return [channel(5), channel(3), channel(1)];
}

export const between = (stream: Stream, low: number, high: number) => low + (high - low) * stream.uniform();
export const blend = (a: Rgb, b: Rgb, t: number): Rgb => [
  a[0] + t * (b[0] - a[0]),
  a[1] + t * (b[1] - a[1]),
  a[2] + t * (b[2] - a[2]),
];
/** Smoothstep: 0 below `low`, 1 above `high`, smooth between. */
export function step(low: number, high: number, value: number): number {
  const t = Math.min(1, Math.max(0, (value - low) / (high - low)));
  return t * t * (3 - 2 * t);
}
