/**
 * The kinds of mixing: the fields of their samples in a plan, and what they do to label maps and detection
 * boxes. What they do to pixels is in native/core/mix_kinds.h. A new kind needs a sample type and a definition
 * here.
 */
import * as check from '../check';
import type { Box } from '../types';
import { clippedBySource, clippedByTarget, type DetectionBox } from './box-geometry';
import type { Fill } from './fill';
import { checkMask, type Masked } from './masks';

/** The fields that every sample of a plan may have. */
interface SampleBase {
  /** Position in the batch of the image that is changed. */
  target: number;
  /**
   * Position in the batch of the image that it is mixed with; equal to `target` where the method uses one image
   * only.
   */
  source: number;
  /**
   * Weight of the target's label, 0 … 1; the source's is 1 − lambda. Where a patch is pasted it is the share of
   * the target's pixels that survive, counted from the box as it was placed; where images are blended, the
   * target's weight. A sample that is erased or not mixed has 1.
   */
  lambda: number;
  /** Weight of the target's label in lambda's place, where labels follow another rule and it differs. */
  labelLambda?: number;
  /**
   * Whether another image takes part, or a box is erased. False where the sample was not drawn to be mixed (option
   * `probability`; its kind is `keep`), and where its partner is the image itself, as in a batch of one image: its
   * label is the target's then, and its pixels are what `kind` says.
   */
  mixed: boolean;
  /** The method that drew this sample. */
  method: string;
  /** The box of the target that is overwritten. May be empty: then the image is the target's, and lambda 1. */
  to?: Box;
  /** The box of the source that is pasted. */
  from?: Box;
  /**
   * [row, col] in the source (erased samples: in the target) that the box is placed around: a peak, a low or a
   * random pixel.
   */
  anchor?: [row: number, col: number];
  /**
   * Value of erased pixels, every channel; or, one for each channel, the mean that a normalisation subtracts, as bytes. Where
   * the output has a mean subtracted, the latter are exactly 0.
   */
  fill?: Fill;
}

/** The result is the target. */
export interface KeepSample extends SampleBase {
  kind: 'keep';
  mixed: false;
}

/** Box `from` of the source is pasted over box `to` of the target, which has the same size. */
export interface PasteSample extends SampleBase {
  kind: 'paste';
  to: Box;
  from: Box;
}

/** Every pixel is lambda of the target and 1 − lambda of the source. */
export interface BlendSample extends SampleBase {
  kind: 'blend';
}

/** Box `to` of the target is filled with the value `fill`. */
export interface EraseSample extends SampleBase {
  kind: 'erase';
  mixed: true;
  to: Box;
}

/**
 * Box `from` of the source is resized (nearest pixel) to the size of box `to` of the target, and pasted there.
 */
export interface ResizeSample extends SampleBase {
  kind: 'resize';
  to: Box;
  from: Box;
}

/** Box `to` of the target, a square of a given length, is filled with the value `fill`. */
export interface CutSample extends SampleBase {
  kind: 'cut';
  mixed: true;
  to: Box;
}

/** Every pixel is a mask's share of the target, and the rest of the source, after cells of both may have been moved. */
export interface MaskedSample extends SampleBase, Masked {
  kind: 'masked';
}

type SampleOfKind = {
  keep: KeepSample;
  paste: PasteSample;
  blend: BlendSample;
  erase: EraseSample;
  resize: ResizeSample;
  cut: CutSample;
  masked: MaskedSample;
};

export type MixKind = keyof SampleOfKind;

/**
 * The kinds whose boxes the method draws; those of the others are placed around anchors, whatever is drawn
 * (`kBox` in native/core/mix_kinds.h).
 */
export type DrawnBoxKind = 'resize' | 'cut';

/** One image of the result; its `kind` says what happens to it. */
export type MixSample = SampleOfKind[MixKind];

type Field = 'to' | 'from' | 'anchor' | 'fill';

type Sides = readonly [height: number, width: number];

interface KindDefinition<S> {
  /** Whether pixels of the source take part. */
  readonly hasSource: boolean;
  /**
   * The optional fields that its samples have. A plan that is read from a file must have those that are boxes.
   */
  readonly fields: readonly Field[];
  /** Why it cannot be applied to label maps; undefined where it can. */
  readonly notForLabels?: string;
  /** Throws where its boxes or its mask are wrong. That boxes lie inside the image is checked before. */
  check?(sample: S, index: number, sides: Sides): void;
  /**
   * Detection boxes of the mixed image, made from those of target and source. A box is dropped where less than
   * `minVisibility` (0 … 1) of its area stays visible.
   */
  boxes(
    sample: S,
    ofTarget: readonly DetectionBox[],
    ofSource: readonly DetectionBox[],
    minVisibility: number,
  ): DetectionBox[];
}

const copies = (boxes: readonly DetectionBox[]) => boxes.map((box) => ({ ...box }));

/** For kinds that put a part of the source over the target. */
const overBox: KindDefinition<PasteSample | ResizeSample>['boxes'] = (
  { from, to },
  ofTarget,
  ofSource,
  minVisibility,
) => [
  ...ofTarget.flatMap((box) => clippedByTarget(box, to, minVisibility)),
  ...ofSource.flatMap((box) => clippedBySource(box, from, to, minVisibility)),
];

/** For kinds that erase a part of the target. */
const underBox: KindDefinition<EraseSample | CutSample>['boxes'] = ({ to }, ofTarget, _, minVisibility) =>
  ofTarget.flatMap((box) => clippedByTarget(box, to, minVisibility));

export const kinds: { readonly [K in MixKind]: KindDefinition<SampleOfKind[K]> } = {
  keep: { hasSource: false, fields: [], boxes: (_, ofTarget) => copies(ofTarget) },
  paste: {
    hasSource: true,
    fields: ['to', 'from', 'anchor'],
    check({ from, to }, index) {
      const same =
        from.bottom - from.top === to.bottom - to.top && from.right - from.left === to.right - to.left;
      if (!same) throw check.invalid('plan.samples.from', 'a box of the size of `to`', from, { index });
    },
    boxes: overBox,
  },
  // Both images stay visible.
  blend: {
    hasSource: true,
    fields: [],
    notForLabels: 'labels cannot be blended',
    boxes: (_, ofTarget, ofSource) => copies([...ofTarget, ...ofSource]),
  },
  erase: {
    hasSource: false,
    fields: ['to', 'anchor', 'fill'],
    boxes: underBox,
  },
  resize: {
    hasSource: true,
    fields: ['to', 'from'],
    check({ from, to }, index) {
      const shown = (to.bottom - to.top) * (to.right - to.left) > 0;
      if (shown && (from.bottom === from.top || from.right === from.left))
        throw check.invalid('plan.samples.from', 'a box that is not empty', from, { index });
    },
    boxes: overBox,
  },
  cut: {
    hasSource: false,
    fields: ['to', 'fill'],
    boxes: underBox,
  },
  masked: {
    hasSource: true,
    fields: [],
    notForLabels: 'labels cannot be blended',
    check: (sample, _, sides) => checkMask(sample, sides),
    boxes: (_, ofTarget, ofSource) => copies([...ofTarget, ...ofSource]),
  },
};

/** The definition of a sample's kind. */
export const kindOf = ({ kind }: MixSample) => kinds[kind] as KindDefinition<MixSample>;

/** What a sample's `mixed` says: an image that is mixed with itself is not. */
export const isMixed = ({ kind, target, source }: Pick<MixSample, 'kind' | 'target' | 'source'>): boolean =>
  kinds[kind].hasSource ? source !== target : kind !== 'keep';

export const kindNames = Object.keys(kinds) as MixKind[];
