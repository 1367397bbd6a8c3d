/** The types of what native/binding/addon.cc exports, one to one. */
import type { Box } from '../types';
import type { OrtCalls } from './binding-ort';

/** The shape of a batch (uint8 NHWC). */
export interface NativeShape {
  count: number;
  height: number;
  width: number;
  channels: number;
}

/** A batch in memory of this process. */
export interface NativeBatch extends NativeShape {
  data: Uint8Array;
}

/** Opaque handle of memory that a backend keeps; see native/binding/resident.h. */
export type ResidentHandle = { readonly resident: unique symbol };

/** A batch in memory of this process (`data`) or of a backend (`resident`): exactly one of the two is given. */
export interface NativeInput extends NativeShape {
  data?: Uint8Array;
  resident?: ResidentHandle;
}

/**
 * Where mixed images are written: memory of this process (`images`) or of a backend (`resident`), exactly one.
 */
export interface NativeDestination {
  images?: Uint8Array | Float32Array | Uint16Array;
  resident?: ResidentHandle;
}

/** Opaque handle of a flag; `cancel` sets it, and the calls that have it stop. */
export type CancelFlag = { readonly cancelFlag: unique symbol };

interface NativeRun {
  backend: string;
  threads: number;
  cancel?: CancelFlag;
}

/** `offset` and `scale` hold three values each: value = (v − offset)·scale. dtype: 0 uint8, 1 float32, 2 float16. */
export interface NativeFormat {
  nchw: number;
  dtype: number;
  offset: Float32Array;
  scale: Float32Array;
}

/** Samples of a plan as flat arrays; see src/mix/records.ts. */
export interface NativeSamples {
  samples: number;
  ints: Int32Array;
  doubles: Float64Array;
}

/**
 * Positions of a sample's fields within its numbers; `end` is how many numbers a sample has. The kind of an
 * anchor is the number in `anchors`, the kind of mixing its position in `kinds`.
 */
export interface RecordLayout {
  /**
   * `from` and `to` are anchors: kind, row, column. `fromBox` and `toBox` are boxes: top, left, bottom, right.
   */
  readonly ints: Readonly<
    Record<
      'target' | 'source' | 'kind' | 'boxOwner' | 'from' | 'to' | 'fill' | 'fromBox' | 'toBox' | 'end',
      number
    >
  >;
  readonly doubles: Readonly<Record<'lambda' | 'uOfFrom' | 'uOfTo' | 'end', number>>;
  readonly anchors: Readonly<Record<'given' | 'corresponding' | 'peak' | 'low', number>>;
  readonly kinds: readonly string[];
}

/** A copy of all bytes of a backend's memory, in one direction or the other. */
interface NativeTransfer {
  resident: ResidentHandle;
  threads: number;
  cancel?: CancelFlag;
  data: Uint8Array;
}

export interface NativePlacing {
  clip: number;
  /** One of `methods()`; needed where a sample asks for a peak or low and no `maps` (count × height × width) are given. */
  method?: string;
  maps?: Float32Array;
}

/** Samples that are mixed by masks of rows × cols cells. */
export interface NativeMasked {
  samples: number;
  targets: Int32Array;
  sources: Int32Array;
  rows: number;
  cols: number;
  /** Of the targets, for each sample. */
  weights: Float32Array;
  movedRows?: number;
  movedCols?: number;
  /** Two lists for each sample. */
  moves?: Int32Array;
}

/** A batch in this process whose images are mixed after their colours were changed. */
export type NativeColoured = NativeBatch &
  NativeRun & {
    /** Six numbers for each image. */
    colours: Float64Array;
    output: NativeFormat & NativeDestination;
  };

/**
 * The addon's functions. The argument objects of `mix` and `saliency` are written out property by property
 * where they are made: V8 keeps an object that is spread together from many properties as a dictionary, which
 * is slow to make and is freed only by a full garbage collection.
 */
export interface Addon extends OrtCalls {
  /** Of the package that it was built for. */
  version: string;
  backends(): {
    name: string;
    description: string;
    available: boolean;
    reason?: string;
    level: string;
    levels: string[];
    lacks: string[];
  }[];
  /**
   * The saliency methods. `tolerance`: the largest allowed difference of a map from that of the scalar
   * reference.
   */
  methods(): { name: string; tolerance: number }[];
  recordLayout(): RecordLayout;
  /** Version of libjpeg; '' where the addon was built without it. */
  jpegVersion(): string;
  /**
   * Decodes file i into slot i of `images`. Outcomes: 0 decoded, 1 not decoded (try another decoder), 2 another
   * size.
   */
  loadJpegs(call: {
    threads: number;
    files: readonly Uint8Array[];
    plain: Uint8Array;
    resize: number;
    height: number;
    width: number;
    shorter: number;
    crops?: Float64Array;
    maxPixels: number;
    images: Uint8Array;
    outcomes: Uint8Array;
    cancel?: CancelFlag;
  }): Promise<void>;
  /**
   * Brings RGB images from inHeight × inWidth to height × width, as framed: `shorter` is 0 where they just cover that; `crops`
   * has the draws of each image.
   */
  frameImages(call: {
    threads: number;
    count: number;
    pixels: Uint8Array;
    inHeight: number;
    inWidth: number;
    height: number;
    width: number;
    shorter: number;
    crops?: Float64Array;
    result: Uint8Array;
    cancel?: CancelFlag;
  }): Promise<void>;
  /** `draws` has three numbers per image: dy, dx, flip. */
  cropFlip(call: NativeInput & NativeRun & { draws: Int32Array; output: NativeDestination }): Promise<void>;
  /** Names of the operations on images; the position of a name is the operation's number. */
  imageOperations(): string[];
  /** `steps` has three numbers per step: operation, row, column; `fill` is red, green, blue. */
  applyOperations(
    call: NativeInput &
      NativeRun & {
        stepsPerImage: number;
        steps: Int32Array;
        magnitudes: Float64Array;
        fill: Uint8Array;
        output: NativeDestination;
      },
  ): Promise<void>;
  /**
   * The random words (rng.ts) of the first block that begins with the counter `counter`, of samples 0 … count − 1: the first words
   * of all samples, then the second, third and fourth; 4 × count in all.
   */
  drawSamples(call: {
    counter: number;
    batch: number;
    epoch: number;
    low: number;
    high: number;
    count: number;
    words: Int32Array;
  }): void;
  newCancel(): CancelFlag;
  cancel(flag: CancelFlag): void;
  /** Wakes so many threads for the call that comes next; with `here` the JavaScript thread is one of them. */
  prewake(threads: number, here: boolean): void;
  /**
   * Memory that earlier results may have used, not cleared. It returns to the addon when the buffer is garbage
   * collected. Undefined where the runtime allows no buffers over native memory, or no block is free.
   */
  newBlock(bytes: number): ArrayBuffer | undefined;
  preferLargePages(fresh: Uint8Array): void;
  /** Memory of a backend; it is allocated when it is first written to. */
  newResident(memory: { backend: string; bytes: number }): ResidentHandle;
  /** Frees the memory as soon as no running call uses it. */
  freeResident(handle: ResidentHandle): void;
  /** Makes another owner of the memory, which other threads of JavaScript know by its number. */
  lendResident(handle: ResidentHandle): number;
  endLoan(loan: number): void;
  upload(call: NativeTransfer): Promise<void>;
  download(call: NativeTransfer): Promise<void>;
  /** Without `maps`, only peaks and lows are written. */
  saliency(
    call: NativeInput &
      NativeRun & { method: string; maps?: Float32Array; peaks: Int32Array; lows: Int32Array },
  ): Promise<void>;
  /** Maps of the images at `positions`, `wanted` of them; those of the others are not written. */
  floatBytes(
    call: NativeBatch & {
      threads: number;
      cancel?: CancelFlag;
      wanted: number;
      positions: Int32Array;
      mean: Float32Array;
      std: Float32Array;
      result: Float32Array;
    },
  ): Promise<void>;
  modelInput(
    call: NativeBatch & NativeFormat & { threads: number; size: number; input: Float32Array },
  ): Promise<void>;
  resizeMaps(call: {
    threads: number;
    count: number;
    maps: Float32Array;
    rows: number;
    cols: number;
    result: Float32Array;
    height: number;
    width: number;
  }): Promise<void>;
  extremes(call: {
    threads: number;
    count: number;
    height: number;
    width: number;
    maps: Float32Array;
    peaks: Int32Array;
    lows: Int32Array;
  }): Promise<void>;
  placeBox(call: {
    height: number;
    width: number;
    lambda: number;
    row: number;
    col: number;
    clip: number;
  }): Box & { lambda: number };
  mix(
    call: NativeInput &
      NativeRun &
      NativeSamples & {
        place?: NativePlacing;
        output?: NativeFormat & NativeDestination;
        /** 1 where the JavaScript thread does the work, with the help of others, before it goes on. */
        here?: number;
      },
  ): Promise<void>;
  /**
   * Weights of the targets' labels, by what is seen of `maps` or `masks` (exactly one is given) in each mixed image, and the shares
   * that are seen: two per sample, of its target and of its source.
   */
  labelWeights(
    call: Omit<NativeShape, 'channels'> &
      NativeSamples & {
        threads: number;
        maps?: Float32Array;
        masks?: Uint8Array;
        weights: Float64Array;
        seen: Float64Array;
      },
  ): Promise<void>;
  /**
   * Mixes images by masks of rows × cols cells, `weights` of the targets for each sample; before, cells of targets and sources (two
   * lists for each sample) may be moved.
   */
  mixMasked(
    call: NativeBatch & NativeMasked & { threads: number; cancel?: CancelFlag; result: Uint8Array },
  ): Promise<void>;
  /** Mixes images by placed samples, after the colours of each were changed (mix/colours.ts); the output has floats. */
  mixColoured(call: NativeColoured & NativeSamples): Promise<void>;
  mixColouredMasked(call: NativeColoured & NativeMasked): Promise<void>;
  /**
   * PuzzleMix: masks of grid × grid blocks and moved cells of each pair, and the masks' means. `grid` divides the images, and is at
   * most 16; `puzzleMoved` says how many cells are moved.
   */
  puzzleMasks(
    call: NativeBatch & {
      threads: number;
      cancel?: CancelFlag;
      samples: number;
      targets: Int32Array;
      sources: Int32Array;
      maps: Float32Array;
      lambda: number;
      grid: number;
      weights: Float32Array;
      moves: Int32Array;
      shares: Float64Array;
    },
  ): Promise<void>;
  puzzleMoved(call: { height: number; width: number; grid: number }): { rows: number; cols: number };
  /** GuidedMixup's saliency maps, count × height × width. */
  guidedMaps(
    call: NativeBatch & { threads: number; cancel?: CancelFlag; maps: Float32Array; given?: Float32Array },
  ): Promise<void>;
  /** For each of `count` maps the one that is farthest from it, of those that make one cycle of all. */
  guidedPairs(call: {
    threads: number;
    count: number;
    pixels: number;
    maps: Float32Array;
    partners: Int32Array;
  }): Promise<void>;
  /** The targets' share of each pixel, samples × pixels, and its mean. */
  guidedMasks(call: {
    threads: number;
    count: number;
    pixels: number;
    samples: number;
    maps: Float32Array;
    targets: Int32Array;
    sources: Int32Array;
    weights: Float32Array;
    shares: Float64Array;
  }): Promise<void>;
  mixLabelMaps(
    call: Omit<NativeShape, 'channels'> &
      NativeRun &
      NativeSamples & { data: Int32Array; result: Int32Array },
  ): Promise<void>;
}
