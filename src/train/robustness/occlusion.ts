/** Occlusion: what is left of the accuracy where random patches of the images are covered. */
import * as check from '../../check';
import { list, named, whole } from '../../option';
import { permutation, Purpose } from '../../rng';
import { errorCounts, type ErrorsAt, type Measure, type Subject } from './measure';

const occlusionOptions = {
  grid: whole(1, {
    max: 1024,
    default: 14,
    about: 'of `occlusion`: patches along each side, at most one for each pixel',
  }),
  dropped: list('numbers from 0 to 100', (one, name) => check.number(one, name, 0, 100), {
    filled: true,
    default: [10, 20, 30, 40, 50, 60, 70, 80, 90],
    about: 'of `occlusion`: percent of the patches that are covered',
  }),
  cover: named(['mean', 'black'], {
    default: 'mean',
    about: 'with what: mean, which is 0 once images are normalised, or black',
  }),
};

export interface Occlusion {
  /** Patches along the height and the width. */
  grid: readonly [rows: number, columns: number];
  cover: 'mean' | 'black';
  /** `dropped` is in percent; `patches` are covered of each image. */
  rows: ErrorsAt<{ dropped: number; patches: number }>[];
}

/** Where the parts of a side begin, and the end of the last: as equal as whole pixels allow. */
const edges = (side: number, parts: number) =>
  Array.from({ length: parts + 1 }, (_, part) => Math.floor((part * side) / parts));

/** Covers patches of one image, which begins at `start`, with the values of `by`. */
function cover(
  values: Float32Array,
  start: number,
  patches: Uint32Array,
  { tops, lefts, by, subject }: { tops: number[]; lefts: number[]; by: Float32Array; subject: Subject },
): void {
  const [height, width] = subject.size;
  const [nextChannel, nextPixel] = subject.layout === 'NCHW' ? [height * width, 1] : [1, 3];
  const columns = lefts.length - 1;
  for (const patch of patches) {
    const [row, column] = [Math.floor(patch / columns), patch % columns];
    for (let y = tops[row]; y < tops[row + 1]; y++)
      for (let x = lefts[column]; x < lefts[column + 1]; x++)
        for (let channel = 0; channel < 3; channel++) {
          const at = channel * nextChannel + (y * width + x) * nextPixel;
          values[start + at] = by[at];
        }
  }
}

export const occlusion: Measure<typeof occlusionOptions, Occlusion> = {
  summary: 'errors where random patches of a grid are covered',
  reference: 'random PatchDrop of Naseer et al., Intriguing properties of vision transformers, NeurIPS 2021',
  options: occlusionOptions,
  needsGradients: false,
  passes: ({ dropped }) => dropped.length,
  begin(subject, { grid, dropped, cover: kind, seed }) {
    const [height, width] = subject.size;
    const [rows, columns] = [Math.min(grid, height), Math.min(grid, width)];
    const [tops, lefts] = [edges(height, rows), edges(width, columns)];
    const strengths = dropped.map((percent) => ({
      dropped: percent,
      patches: Math.floor((percent * rows * columns) / 100),
    }));
    const errors = errorCounts(strengths, subject.classes);
    const each = 3 * height * width;
    const by = kind === 'mean' ? new Float32Array(each) : subject.normalised(new Float32Array(each));
    return {
      async add({ values, numbers, positions }) {
        // One order for each image: what a smaller share covers, a larger one does, too.
        const orders = positions.map((batch) =>
          permutation(rows * columns, seed, Purpose.occlusion, { epoch: 0, batch }),
        );
        for (const [i, { patches }] of strengths.entries()) {
          const covered = values.slice();
          for (const [image, order] of orders.entries())
            cover(covered, image * each, order.subarray(0, patches), { tops, lefts, by, subject });
          errors.counts[i].add(await subject.predict(covered, numbers.length), numbers);
        }
      },
      get result() {
        return { grid: [rows, columns] as const, cover: kind, rows: errors.rows() };
      },
    };
  },
};
