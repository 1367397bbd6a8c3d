/**
 * The gradient of max pooling: each dY belongs to the place of its window's maximum, of equal values to the first. Windows
 * may overlap, so a place may get several.
 */
import { sizeOf, type Value } from './graph';
import {
  add,
  concat,
  expand,
  greater,
  mul,
  pad,
  reshape,
  scatterAdd,
  slice,
  where,
  type Window,
} from './ops';

/** By the places that the pooling itself has found. */
export function byIndices(x: Value, indices: Value, dy: Value): Value {
  const flat = [sizeOf(dy.shape)];
  const zeros = expand(x.graph.scalar(0), [sizeOf(x.shape)]);
  return reshape(scatterAdd(zeros, reshape(indices, flat), reshape(dy, flat)), x.shape);
}

/**
 * By comparison, where a provider does not give the places (WebGPU). A window's element (i, j) of all windows is a slice of
 * x in steps of the stride.
 */
export const byMasks = (x: Value, y: Value, dy: Value, window: Window): Value =>
  placed(ofFirst(elements(x, y, window), y, dy), x, window);

/** Below all numbers: what surrounds an image is no maximum. */
const LOWEST = -3.4028234663852886e38;

/** For each element of the window, row by row, its value in all windows. */
function elements(x: Value, y: Value, { kernel, stride, padding }: Window): Value[] {
  const counts = y.shape.slice(2);
  const last = counts.map((count) => stride * (count - 1));
  // The windows cover less than the padded image where the stride does not fit, never more.
  const after = kernel.map((side, axis) => Math.max(0, last[axis] + side - padding - x.shape[2 + axis]));
  const padded = pad(x, [0, 0, padding, padding], [0, 0, ...after], LOWEST);
  return Array.from({ length: kernel[0] * kernel[1] }, (_, place) => {
    const start = [Math.floor(place / kernel[1]), place % kernel[1]];
    const range = (axis: number) => ({
      axis: 2 + axis,
      start: start[axis],
      end: start[axis] + last[axis] + 1,
      step: stride,
    });
    return slice(padded, [range(0), range(1)]);
  });
}

/** dY for the first element that is as large as the maximum, and zeros for the others. */
function ofFirst(values: readonly Value[], y: Value, dy: Value): Value[] {
  const { graph } = y;
  const [zero, one] = [graph.scalar(0), graph.scalar(1)];
  // 1 where all elements so far are below the maximum.
  let open: Value | undefined;
  return values.map((value) => {
    const below = greater(y, value);
    const left = open ? mul(open, dy) : dy;
    const still = where(below, one, zero);
    open = open ? mul(open, still) : still;
    return where(below, zero, left);
  });
}

/**
 * Adds the elements' parts where they belong. Parts that lie alike modulo the stride are added first: each then is one place
 * of all cells of stride × stride pixels, so that none is written with gaps.
 */
function placed(parts: readonly Value[], x: Value, { kernel, stride, padding }: Window): Value {
  const [n, channels, height, width] = x.shape;
  const [rows, cols] = parts[0].shape.slice(2);
  const [more, wider] = kernel.map((side) => Math.ceil(side / stride));
  const [cellRows, cellCols] = [rows + more, cols + wider];
  const cells = new Map<number, Value>();
  for (const [place, part] of parts.entries()) {
    const [i, j] = [Math.floor(place / kernel[1]), place % kernel[1]];
    const [down, right] = [Math.floor(i / stride), Math.floor(j / stride)];
    const moved = pad(part, [0, 0, down, right], [0, 0, more - down, wider - right]);
    const within = (i % stride) * stride + (j % stride);
    const other = cells.get(within);
    cells.set(within, other ? add(other, moved) : moved);
  }
  // A kernel that is smaller than the stride leaves places empty.
  const empty = () => expand(x.graph.scalar(0), [n, channels, cellRows, cellCols]);
  const cell = (within: number) =>
    reshape(cells.get(within) ?? empty(), [n * channels, cellRows, 1, cellCols, 1]);
  const numbers = Array.from({ length: stride }, (_, number) => number);
  const lines = numbers.map((i) =>
    concat(
      numbers.map((j) => cell(i * stride + j)),
      4,
    ),
  );
  const [tall, wide] = [cellRows * stride, cellCols * stride];
  const whole = reshape(concat(lines, 2), [n, channels, tall, wide]);
  const missing = [0, 0, Math.max(0, padding + height - tall), Math.max(0, padding + width - wide)];
  return slice(pad(whole, [0, 0, 0, 0], missing), [
    { axis: 2, start: padding, end: padding + height },
    { axis: 3, start: padding, end: padding + width },
  ]);
}
