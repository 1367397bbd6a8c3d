/** Masks: how much of its target each cell of a mixed image shows, after cells of both images may have been moved. */
import * as check from '../check';

/** rows × cols cells that divide an image evenly. */
export interface Cells {
  rows: number;
  cols: number;
}

/** The mask of a sample in a plan. */
export interface Mask extends Cells {
  /** The share of the target in each cell, 0 to 1, row by row. */
  weights: number[];
}

/**
 * Which of its cells an image shows at each place, row by row; −1 where none was moved to. A cell may be shown at several places, or
 * at none.
 */
export interface CellMoves extends Cells {
  target: number[];
  source: number[];
}

/** What a sample that is mixed by a mask has besides. */
export interface Masked {
  mask: Mask;
  moves?: CellMoves;
}

/** The masks of a batch, as native code reads them. A sample that is not mixed has weights of 1, and moves nothing. */
export interface BatchMasks extends Cells {
  /** samples × rows × cols. */
  readonly weights: Float32Array;
  readonly moves?: Cells & {
    /** samples × 2 × rows × cols: of the target, then of the source. */
    readonly cells: Int32Array;
  };
}

const WHOLE: Cells = { rows: 1, cols: 1 };
const countOf = ({ rows, cols }: Cells) => rows * cols;

/** Masks of a batch that are still to be filled in; until then no sample is mixed. */
export function emptyMasks(samples: number, mask: Cells, moved?: Cells): BatchMasks {
  const weights = new Float32Array(samples * countOf(mask)).fill(1);
  const cells = moved && new Int32Array(samples * 2 * countOf(moved)).fill(-1);
  return { ...mask, weights, ...(moved && cells && { moves: { ...moved, cells } }) };
}

/** The mask of one sample, and its moves, for a plan. */
export function maskOf({ rows, cols, weights, moves }: BatchMasks, i: number): Masked {
  const size = rows * cols;
  const mask = { rows, cols, weights: Array.from(weights.subarray(i * size, (i + 1) * size)) };
  if (!moves) return { mask };
  const moved = countOf(moves);
  const side = (k: number) => Array.from(moves.cells.subarray((2 * i + k) * moved, (2 * i + k + 1) * moved));
  return { mask, moves: { rows: moves.rows, cols: moves.cols, target: side(0), source: side(1) } };
}

/**
 * The masks of a plan's samples; undefined where none has one.
 * @throws SaliencyMixError ARGUMENT where they have grids of several sizes, or there are samples of other kinds
 */
export function masksOf(samples: readonly ({ kind: string } & Partial<Masked>)[]): BatchMasks | undefined {
  const all = samples.flatMap((sample) => (isMasked(sample) ? [sample] : []));
  if (all.length === 0) return undefined;
  const same = (a: Cells = WHOLE, b: Cells = WHOLE) => a.rows === b.rows && a.cols === b.cols;
  const moving = all.find(({ moves }) => moves)?.moves;
  const masks = emptyMasks(samples.length, cellsOf(all[0].mask), moving && cellsOf(moving));
  samples.forEach((sample, index) => {
    if (sample.kind === 'keep') return;
    if (!isMasked(sample))
      throw check.invalid('plan.samples.kind', '"masked" or "keep" beside samples with masks', sample.kind, {
        index,
      });
    const { mask, moves } = sample;
    if (!same(mask, masks) || (moves && !same(moves, masks.moves)))
      throw check.invalid('plan.samples.mask', 'grids of one size for all samples', cellsOf(mask), { index });
    masks.weights.set(mask.weights, index * countOf(mask));
    if (moves) masks.moves?.cells.set([...moves.target, ...moves.source], index * 2 * countOf(moves));
  });
  return masks;
}

const isMasked = (sample: { kind: string } & Partial<Masked>): sample is { kind: string } & Masked =>
  sample.kind === 'masked';

const cellsOf = ({ rows, cols }: Cells): Cells => ({ rows, cols });

function checkCells(
  cells: Partial<Cells> | undefined,
  sides: readonly [number, number],
  name: string,
): number {
  const { rows, cols } = cells ?? {};
  const divides = (part: unknown, side: number) =>
    Number.isInteger(part) && (part as number) > 0 && side % (part as number) === 0;
  if (divides(rows, sides[0]) && divides(cols, sides[1])) return (rows as number) * (cols as number);
  throw check.invalid(name, `rows and cols that divide ${sides.join(' × ')}`, cells);
}

function checkList(
  list: unknown,
  length: number,
  isGood: (one: unknown) => boolean,
  name: string,
  of: string,
) {
  // Array.from: a list may have holes, which `every` would pass over.
  if (Array.isArray(list) && list.length === length && Array.from(list).every(isGood)) return;
  throw check.invalid(name, `${length} ${of}`, list);
}

/**
 * Checks the mask and the moves of a sample, which may come from a file.
 * @throws SaliencyMixError ARGUMENT
 */
export function checkMask({ mask, moves }: Masked, sides: readonly [height: number, width: number]): void {
  const cells = checkCells(mask, sides, 'plan.samples.mask');
  const isShare = (one: unknown) => typeof one === 'number' && one >= 0 && one <= 1;
  checkList(mask.weights, cells, isShare, 'plan.samples.mask.weights', 'numbers from 0 to 1');
  if (moves === undefined) return;
  const moved = checkCells(moves, sides, 'plan.samples.moves');
  const isCell = (one: unknown) => Number.isInteger(one) && (one as number) >= -1 && (one as number) < moved;
  for (const side of ['target', 'source'] as const)
    checkList(moves[side], moved, isCell, `plan.samples.moves.${side}`, `numbers from −1 to ${moved - 1}`);
}
