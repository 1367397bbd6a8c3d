/** What a data set format gives: an ordered list of items, and the bytes of any one of them. Formats live in datasets/. */

/** One image of a data set. `id` is its relative path, or what stands for one in formats without files. */
export interface Item {
  readonly id: string;
  /** Class number: position in the source's `classes`. */
  readonly label: number;
}

/** Pixels that need no decoding: uint8 RGB, HWC. */
export interface RawImage {
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
}

/** Something found while listing that cannot be an item (a link loop, an unreadable folder, …). */
export interface Problem {
  readonly file: string;
  readonly reason: string;
}

/** Many images in one call, for a source whose images all have one size and need no decoding. */
export interface BulkReader {
  readonly height: number;
  readonly width: number;
  /**
   * Writes the images' pixels (uint8 RGB, HWC) to `out`, one after another; they are what `read` gives for each.
   * Rejects as a whole if any of them cannot be had: which one, and why, `read` tells.
   */
  read(indices: ArrayLike<number>, out: Uint8Array): Promise<void>;
}

export interface DatasetSource {
  /** The format's name, as in the registry. */
  readonly format: string;
  readonly classes: readonly string[];
  /** Ordered by the bytes of the ids; the same for every reader of the same data. */
  readonly items: readonly Item[];
  readonly problems: readonly Problem[];
  /** The bytes of a file (JPEG, PNG, …) or ready pixels. Rejects when they cannot be had; others are not affected. */
  read(index: number): Promise<Uint8Array | RawImage>;
  readonly bulk?: BulkReader;
  /** Which pixels show the object, where that is known (procedural data): h × w bytes of 0 or 1. */
  mask?(index: number): Uint8Array;
  close(): Promise<void>;
}
