/**
 * What a mixing method is: plain data that says which random numbers a sample needs, and what is done with
 * them. draw.ts draws the numbers; nothing else in this folder draws. Native code then applies the draw,
 * without random numbers.
 */
import type { Purpose, Stream } from '../rng';
import type { Box, ImageBatch, Signal } from '../types';
import type { DrawnBoxKind, MixKind } from './kinds';
import type { BatchMasks } from './masks';
import type { Scheme } from './schemes';

/**
 * The pixel that a box is placed around: a random pixel, an extreme of the saliency map, or the source's
 * anchor.
 */
export type Anchor =
  /** A pixel drawn uniformly from the image, with the numbers of `purpose`. */
  | { readonly kind: 'given'; readonly purpose: Purpose }
  /** In the target: the same pixel as in the source. */
  | { readonly kind: 'corresponding' }
  /**
   * The most or the least salient pixel. Of equal ones a number of purpose `ties` picks one; without it, the
   * first is taken.
   */
  | { readonly kind: 'peak' | 'low'; readonly ties?: Purpose };

/** A sample whose boxes are placed around anchors, with lambda ~ Beta(alpha, alpha), or that has no box. */
interface AnchoredDraw {
  readonly kind: Exclude<MixKind, DrawnBoxKind | 'masked'>;
  /** Anchor in the source (for `erase`: in the target). */
  readonly from?: Anchor;
  /** Anchor in the target; 'corresponding' unless given. */
  readonly to?: Anchor;
  readonly boxes?: undefined;
}

/** A sample whose boxes the method draws itself; lambda follows from them. */
export interface BoxDraw {
  readonly kind: DrawnBoxKind;
  readonly from?: undefined;
  readonly to?: undefined;
  /**
   * `streamOf` gives the sample's numbers for a purpose, from the first on. They must be used before `streamOf`
   * is called again.
   */
  readonly boxes: (
    streamOf: (purpose: Purpose) => Stream,
    height: number,
    width: number,
  ) => { from: Box; to: Box };
}

/** What masks are found from: a batch, and the draws of those of its samples that are mixed. */
export interface MaskInput {
  readonly images: ImageBatch;
  /** n × height × width: for methods that need saliency, and others where they were given. */
  readonly maps?: Float32Array;
  /** Of each sample. */
  readonly targets: Int32Array;
  readonly sources: Int32Array;
  /** Of the batch: λ, where the method draws it, and another number in [0, 1). */
  readonly lambda: number;
  readonly u: number;
  readonly threads: number;
  readonly signal?: Signal;
}

export interface FoundMasks extends BatchMasks {
  /** For each image of the batch its source, where that is not the one that was drawn. */
  readonly partners?: ArrayLike<number>;
  /** The share of its target that each mixed image shows. */
  readonly shares: ArrayLike<number>;
}

/** A sample whose mask is found in the images. */
export interface MaskDraw {
  readonly kind: 'masked';
  readonly from?: undefined;
  readonly to?: undefined;
  readonly boxes?: undefined;
  /** Whether λ is drawn: one for the batch. */
  readonly drawsLambda: boolean;
  readonly masks: (input: MaskInput) => Promise<FoundMasks>;
}

/** What a method draws for a sample that is mixed. */
export type MethodDraw = AnchoredDraw | BoxDraw | MaskDraw;

/** The mixer options that `drawFor` depends on. */
export interface DrawOptions {
  scheme: Scheme;
  ties: 'first' | 'random';
  length: number | 'lambda';
}

export interface MixMethod {
  readonly name: string;
  /** One line for help texts and tables. */
  readonly summary: string;
  /** The paper, for the README's table. */
  readonly reference: string;
  /** Whether a second image, the source, is mixed in. */
  readonly hasSource: boolean;
  /** Whether its anchors, or its masks, are found in saliency maps. */
  readonly needsSaliency: boolean;
  /** Whether a network's gradient, where `saliency` asks for it, takes the place of saliency of its own. */
  readonly takesGradient?: boolean;
  /** What both sides of images must be a multiple of; 1 unless given. */
  readonly sidesOf?: number;
  /** The saliency that it has in training, unless another one is asked for. */
  readonly saliencyInTraining?: 'gradient';
  /** What it draws with these options. */
  drawFor(options: DrawOptions): MethodDraw;
}
