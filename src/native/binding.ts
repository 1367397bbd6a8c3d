/** The typed face of the addon: what native/binding/addon.cc exports, one to one. Only src/native knows of it. */
import type { Box } from '../types';

/** Shape of a batch (uint8 NHWC) as separate whole numbers. */
export interface NativeShape {
  count: number;
  height: number;
  width: number;
  channels: number;
}

/** A batch with its bytes. */
export interface NativeBatch extends NativeShape {
  data: Uint8Array;
}

/** Opaque handle of memory that a backend keeps; see native/binding/resident.h. */
export type ResidentHandle = { readonly resident: unique symbol };

/** A batch with its bytes wherever they are: one of the two is there. */
export interface NativeInput extends NativeShape {
  data?: Uint8Array;
  resident?: ResidentHandle;
}

/** Where mixed images go: memory of theirs, or a backend's. One of the two is there. */
export interface NativeDestination {
  images?: Uint8Array | Float32Array | Uint16Array;
  resident?: ResidentHandle;
}

/** Opaque flag that stops a running call. */
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

/** Where the fields of a sample stand; `end` is how many numbers it has. Kinds of mixing and of anchors are numbers. */
export interface RecordLayout {
  /** An anchor has its kind, row and column, a box its top, left, bottom and right. */
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

/** All bytes of a backend's memory, to come or to go. */
interface NativeTransfer {
  resident: ResidentHandle;
  threads: number;
  cancel?: CancelFlag;
  data: Uint8Array;
}

export interface NativePlacing {
  clip: number;
  /** One of `methods()`; not used where `maps` (count × height × width) are given. */
  method?: string;
  maps?: Float32Array;
}

/**
 * Objects that every small call makes are written out where they are made: spread together from many properties they are
 * dictionaries to the engine, slow to make, and left for a full collection of garbage.
 */
export interface Addon {
  backends(): {
    name: string;
    description: string;
    available: boolean;
    reason?: string;
    level: string;
    levels: string[];
    lacks: string[];
  }[];
  /** By how much other code than the scalar reference may miss its maps: `tolerance`. */
  methods(): { name: string; tolerance: number }[];
  recordLayout(): RecordLayout;
  /** Empty where the build had no libjpeg. */
  jpegVersion(): string;
  /** File i into slot i of `images`. Outcomes: 0 decoded, 1 for another decoder, 2 of another size. */
  loadJpegs(call: {
    threads: number;
    files: readonly Uint8Array[];
    plain: Uint8Array;
    resize: number;
    height: number;
    width: number;
    images: Uint8Array;
    outcomes: Uint8Array;
    cancel?: CancelFlag;
  }): Promise<void>;
  /** An RGB image of inHeight × inWidth to height × width. */
  resizeCropImage(call: {
    pixels: Uint8Array;
    inHeight: number;
    inWidth: number;
    height: number;
    width: number;
    result: Uint8Array;
  }): Promise<void>;
  /** draws: dy, dx and flip of image after image. */
  cropFlip(call: NativeBatch & NativeRun & { draws: Int32Array; result: Uint8Array }): Promise<void>;
  newCancel(): CancelFlag;
  cancel(flag: CancelFlag): void;
  /** Wakes the threads of a call that is about to come. */
  prewake(threads: number): void;
  /** Works along with the call that began last, if that was told so: until it ends, as long as a small one takes. */
  runUntilDone(): void;
  /**
   * Memory that held earlier results, not cleared. It comes back when the buffer is garbage. Undefined where the runtime
   * allows no buffers over native memory, or none is left.
   */
  newBlock(bytes: number): ArrayBuffer | undefined;
  preferLargePages(fresh: Uint8Array): void;
  /** Allocated when it is first written to. */
  newResident(memory: { backend: string; bytes: number }): ResidentHandle;
  /** Calls under way keep the memory until they end. */
  freeResident(handle: ResidentHandle): void;
  upload(call: NativeTransfer): Promise<void>;
  download(call: NativeTransfer): Promise<void>;
  /** Without `maps` only the extremes are found. */
  saliency(
    call: NativeInput &
      NativeRun & { method: string; maps?: Float32Array; peaks: Int32Array; lows: Int32Array },
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
        /** Whether this thread is one of the call's: it says `runUntilDone` next. */
        helped?: number;
      },
  ): Promise<void>;
  mixLabelMaps(
    call: Omit<NativeShape, 'channels'> &
      NativeRun &
      NativeSamples & { data: Int32Array; result: Int32Array },
  ): Promise<void>;
}
