/**
 * The kinds of mixing: what each sample of a plan holds, and what it means for label maps and detection boxes. What it does
 * to pixels is native (native/core/mix_kinds.h). A new one: its sample and its definition here.
 */
import * as check from '../check';
import type { Box } from '../types';
import { clippedBySource, clippedByTarget, type DetectionBox } from './box-geometry';

/** What every sample of a plan has. */
interface SampleBase {
  /** Position in the batch of the image that is changed. */
  target: number;
  /** Position in the batch of its drawn partner; equal to `target` where the method has none. */
  source: number;
  /**
   * Weight of the target's label; 1 − lambda is the source's. For pasted patches it is the share of the target's pixels
   * that survive, counted from the box that was really pasted.
   */
  lambda: number;
  /** Whether it was drawn to be mixed at all. Where false, the image and its label are the target's. */
  mixed: boolean;
  /** The method that drew this sample. */
  method: string;
  /** Written over in the target. May be empty (lambda = 1): then the image is the target's. */
  to?: Box;
  /** Read from the source. */
  from?: Box;
  /** [row, col] of the source's anchor: the peak, the low, or the place drawn; of an erased sample the target's. */
  anchor?: [row: number, col: number];
  /** Value of erased pixels, every channel. */
  fill?: number;
}

/** The target as it is. */
export interface KeepSample extends SampleBase {
  kind: 'keep';
  mixed: false;
}

/** Box `from` of the source over box `to` of the target, which is of the same size. */
export interface PasteSample extends SampleBase {
  kind: 'paste';
  mixed: true;
  to: Box;
  from: Box;
}

/** Every pixel is lambda of the target and 1 − lambda of the source. */
export interface BlendSample extends SampleBase {
  kind: 'blend';
  mixed: true;
}

/** `fill` over box `to` of the target. */
export interface EraseSample extends SampleBase {
  kind: 'erase';
  mixed: true;
  to: Box;
}

/** Box `from` of the source, brought to the size of box `to` of the target (nearest pixels) and put over it. */
export interface ResizeSample extends SampleBase {
  kind: 'resize';
  mixed: true;
  to: Box;
  from: Box;
}

type SampleOfKind = {
  keep: KeepSample;
  paste: PasteSample;
  blend: BlendSample;
  erase: EraseSample;
  resize: ResizeSample;
};

export type MixKind = keyof SampleOfKind;

/** One image of the result; its `kind` says what happens to it. */
export type MixSample = SampleOfKind[MixKind];

type Field = 'to' | 'from' | 'anchor' | 'fill';

interface KindDefinition<S> {
  /** What its samples have besides what all have; a plan that is read back needs the boxes among them. */
  readonly fields: readonly Field[];
  /** Why it cannot be applied to label maps; absent where it can. */
  readonly notForLabels?: string;
  /** What must be true of its boxes besides that they lie inside their images. */
  check?(sample: S, index: number): void;
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

/** What the source shows in `to` hides what the target had there. */
const overBox: KindDefinition<PasteSample | ResizeSample>['boxes'] = (
  { from, to },
  ofTarget,
  ofSource,
  minVisibility,
) => [
  ...ofTarget.flatMap((box) => clippedByTarget(box, to, minVisibility)),
  ...ofSource.flatMap((box) => clippedBySource(box, from, to, minVisibility)),
];

export const kinds: { readonly [K in MixKind]: KindDefinition<SampleOfKind[K]> } = {
  keep: { fields: [], boxes: (_, ofTarget) => copies(ofTarget) },
  paste: {
    fields: ['to', 'from', 'anchor'],
    check({ from, to }, index) {
      const same =
        from.bottom - from.top === to.bottom - to.top && from.right - from.left === to.right - to.left;
      if (!same) throw check.invalid('plan.samples.from', 'a box of the size of `to`', from, { index });
    },
    boxes: overBox,
  },
  // Both images show.
  blend: {
    fields: [],
    notForLabels: 'labels cannot be blended',
    boxes: (_, ofTarget, ofSource) => copies([...ofTarget, ...ofSource]),
  },
  erase: {
    fields: ['to', 'anchor', 'fill'],
    boxes: ({ to }, ofTarget, _, minVisibility) =>
      ofTarget.flatMap((box) => clippedByTarget(box, to, minVisibility)),
  },
  resize: {
    fields: ['to', 'from'],
    check({ from, to }, index) {
      const shown = (to.bottom - to.top) * (to.right - to.left) > 0;
      if (shown && (from.bottom === from.top || from.right === from.left))
        throw check.invalid('plan.samples.from', 'a box that is not empty', from, { index });
    },
    boxes: overBox,
  },
};

/** The definition of a sample's kind. */
export const kindOf = ({ kind }: MixSample) => kinds[kind] as KindDefinition<MixSample>;

export const kindNames = Object.keys(kinds) as MixKind[];
