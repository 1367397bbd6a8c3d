/** An opened data set: an ordered list of items, and the bytes of each. The formats in datasets/ make them. */

import type { LeftOut } from './layout/names';
import type { Limits } from './limits';

/** One image of a data set. `id` is its relative path; formats without files make up a path. */
export interface Item {
  readonly id: string;
  /** Class number: position in the source's `classes`; of a soft label the first largest. */
  readonly label: number;
  /** Weights of all classes (sum 1), if the data has them. Read only: images can share an array. */
  readonly soft?: Float32Array;
}

/** Pixels that need no decoding: uint8 RGB, HWC. */
export interface RawImage {
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
}

/** Which pixels of an image show its object: h × w bytes of 0 or 1. It has the size of the decoded image. */
export interface Mask {
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
}

/** Something found in the data set that cannot be an item (a link loop, an unreadable folder, …). */
export interface Problem {
  readonly file: string;
  readonly reason: string;
}

/** Reads many images in one call, for a data set whose images all have one size and need no decoding. */
export interface BulkReader {
  readonly height: number;
  readonly width: number;
  /**
   * Writes the pixels of the images (uint8 RGB, HWC), one after another, to `out`: the same that
   * DatasetSource.read gives for each. Rejects if any of them cannot be read; DatasetSource.read then tells
   * which, and why.
   */
  read(indices: ArrayLike<number>, out: Uint8Array): Promise<void>;
}

/** The files on disk that images are read from. */
export interface StoredFiles {
  readonly count: number;
  /** Bytes where its name is no text. */
  pathOf(index: number): string | Uint8Array;
  /** In messages. */
  nameOf(index: number): string;
  /** What it is counted with: the images of its class, or, of an archive, nothing else. */
  groupOf(index: number): string;
}

export interface DatasetSource {
  /** The format's name, as in the registry. */
  readonly format: string;
  readonly classes: readonly string[];
  /** Ordered by the UTF-8 bytes of the ids, so that the order is the same everywhere. */
  readonly items: readonly Item[];
  readonly problems: readonly Problem[];
  /** Files that are neither images nor labels: how many of each ending. */
  readonly leftOut?: LeftOut;
  /** The split that was picked, and all that there are with their numbers of images; where there are any. */
  readonly split?: string;
  readonly splits?: readonly { readonly name: string; readonly images: number }[];
  /** Classes of which no image can be decoded, where that is allowed. */
  readonly emptied?: readonly string[];
  /** What else the user should know about how the data was read, one line each. */
  readonly notices?: readonly string[];
  /** Why the classes are probably wrong, in words that follow the path. An error for everything that needs classes. */
  readonly doubt?: string;
  /** How large images may be; the usual limits unless given. */
  readonly limits?: Limits;
  /** The bytes of an image file (JPEG, PNG, …), or its pixels. Rejects where this image cannot be read. */
  read(index: number): Promise<Uint8Array | RawImage>;
  readonly bulk?: BulkReader;
  /** The files that images are read from; absent where images are drawn. */
  readonly files?: StoredFiles;
  /**
   * Which pixels show the object, for data sets that know it; undefined for an image of which it is not known. Rejects where the
   * mask cannot be read.
   */
  mask?(index: number): Promise<Mask | undefined>;
  close(): Promise<void>;
}
