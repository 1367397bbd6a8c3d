/**
 * What a mixing method is: one function that turns numbers of the seeded generator into a draw of plain data. All
 * randomness of mixing is drawn through here; applying a draw is pure and native.
 */
import type { Purpose, Stream } from '../rng';
import type { Scheme } from './schemes';

/** Where a patch is put: a known pixel, an extreme of the saliency map, or (in the target) the source's anchor. */
export type Anchor =
  | { readonly kind: 'given'; readonly at: readonly [row: number, col: number] }
  | { readonly kind: 'corresponding' }
  /** `u` in [0, 1) picks among tied pixels; without it the first in row-major order. */
  | { readonly kind: 'peak' | 'low'; readonly u?: number };

/** What a method decides for one sample. */
export interface MethodDraw {
  /** keep: the target as it is. paste: a patch of the source. blend: every pixel of both. erase: `fill` in the box. */
  readonly kind: 'keep' | 'paste' | 'blend' | 'erase';
  /** Anchor in the source (for `erase`: in the target). */
  readonly from?: Anchor;
  /** Anchor in the target; 'corresponding' unless given. */
  readonly to?: Anchor;
}

/** The options that methods read while they draw; what else a mixer has concerns all methods alike. */
export interface DrawOptions {
  scheme: Scheme;
  ties: 'first' | 'random';
}

/** What a method may ask for while it draws. */
export interface DrawContext {
  readonly options: DrawOptions;
  readonly height: number;
  readonly width: number;
  /** The numbers of this sample for a purpose; every call starts the same stream again. */
  readonly stream: (purpose: Purpose) => Stream;
}

export interface MixMethod {
  readonly name: string;
  /** One line for help texts and tables. */
  readonly summary: string;
  readonly reference: string;
  /** Whether a second image takes part. */
  readonly hasSource: boolean;
  /** Whether its anchors are found by saliency. */
  readonly asksSaliency: boolean;
  draw(context: DrawContext): MethodDraw;
}
