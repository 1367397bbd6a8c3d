import * as check from '../check';
import { runNative } from '../native/call';
import { addon } from '../native/load';
import type { FoundMasks, MaskInput, MixMethod } from './method';

/** Blocks along a side of the mask. One of them is drawn for each batch, of those that divide its images. */
const GRIDS = [2, 4, 8, 16];

/**
 * The mask of each pair is the best labelling of its blocks with 0, 1/2 and 1: it shows what is salient in either image, changes
 * seldom from block to block, and leaves about λ of the target. Then cells are moved to where they are seen.
 */
async function puzzleMasks(input: MaskInput): Promise<FoundMasks> {
  const { images, targets, sources, lambda, u, threads, signal } = input;
  const { data, shape } = images;
  const [count, height, width, channels] = shape;
  const grids = GRIDS.filter((grid) => height % grid === 0 && width % grid === 0);
  if (grids.length === 0)
    throw check.invalid(
      'batch.shape',
      'images with even sides for "puzzlemix", as 32 × 32 or 224 × 224',
      shape,
    );
  const grid = grids[Math.floor(u * grids.length)];
  const moved = addon().puzzleMoved({ height, width, grid });
  const samples = targets.length;
  const maps = input.maps as Float32Array; // the method needs saliency
  const weights = new Float32Array(samples * grid * grid);
  const cells = new Int32Array(samples * 2 * moved.rows * moved.cols);
  const shares = new Float64Array(samples);
  const batch = { data, count, height, width, channels };
  const given = { ...batch, samples, targets, sources, maps, lambda, grid, threads };
  const found = { weights, moves: cells, shares };
  await runNative((cancel) => addon().puzzleMasks({ ...given, cancel, ...found }), [data, maps], signal);
  return { rows: grid, cols: grid, weights, moves: { ...moved, cells }, shares };
}

export const puzzlemix: MixMethod = {
  name: 'puzzlemix',
  summary:
    'blocks of both images, by the best mask for what is salient in them, moved to where they are seen',
  reference: 'Kim, Choo & Song, Puzzle Mix, ICML 2020',
  hasSource: true,
  needsSaliency: true,
  sidesOf: 2,
  saliencyInTraining: 'gradient',
  drawFor: () => ({ kind: 'masked', drawsLambda: true, masks: puzzleMasks }),
};
