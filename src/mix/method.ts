/**
 * What a mixing method is: which numbers of the seeded generator make a draw, said once for all samples as plain data.
 * draw.ts draws them, and nothing else of mixing draws; applying a draw is pure and native.
 */
import type { Purpose, Stream } from '../rng';
import type { Box } from '../types';
import type { MixKind } from './kinds';
import type { Scheme } from './schemes';

/** Where a patch is put: a pixel, an extreme of the saliency map, or (in the target) the source's anchor. */
export type Anchor =
  /** Drawn uniformly from the image. */
  | { readonly kind: 'given'; readonly purpose: Purpose }
  | { readonly kind: 'corresponding' }
  /** A number picks among tied pixels; without its purpose it is the first in row-major order. */
  | { readonly kind: 'peak' | 'low'; readonly ties?: Purpose };

/** What a method does with a sample that is mixed. */
export interface MethodDraw {
  readonly kind: MixKind;
  /** Anchor in the source (for `erase`: in the target). */
  readonly from?: Anchor;
  /** Anchor in the target; 'corresponding' unless given. */
  readonly to?: Anchor;
  /**
   * Draws both boxes, in place of lambda ~ Beta(alpha, alpha) and boxes around anchors. `streamOf` gives the sample's
   * numbers for a purpose, from their start; they must be used up before it is called again.
   */
  readonly boxes?: (
    streamOf: (purpose: Purpose) => Stream,
    height: number,
    width: number,
  ) => { from: Box; to: Box };
}

/** The options that methods look at; what else a mixer has concerns all methods alike. */
export interface DrawOptions {
  scheme: Scheme;
  ties: 'first' | 'random';
}

export interface MixMethod {
  readonly name: string;
  /** One line for help texts and tables. */
  readonly summary: string;
  readonly reference: string;
  /** Whether a second image takes part. */
  readonly hasSource: boolean;
  /** Whether its anchors are found by saliency. */
  readonly needsSaliency: boolean;
  /** What it does with the samples that are mixed with these options. */
  drawFor(options: DrawOptions): MethodDraw;
}
