/** What an output format is: it writes the parts of a run, each completely or not at all. */
import type { ImageFormat } from '../../data/codec';
import type { Settings } from '../settings';

/** One mixed image with its label; `record` is its line of labels.jsonl without the file. */
export interface Sample {
  copy: number;
  /** Position of the target in the ordered list of items; file names are made of it. */
  position: number;
  /** uint8 RGB, height × width × 3. */
  pixels: Uint8Array;
  /** One weight per class. */
  label: Float32Array;
  record: object;
}

/** The file of a sample, relative to the output folder, and its `key` or `row` in a file of many. */
export interface Written {
  file: string;
  key?: string;
  row?: number;
}

/** One part being written. Either `commit` or `abandon` ends it. */
export interface Part {
  /** Adds samples, in order; gives the file of each. */
  add(samples: readonly Sample[]): Promise<Written[]>;
  /** Gives the files their final names. */
  commit(): Promise<void>;
  /** Removes files that do not have their final name. */
  abandon(): Promise<void>;
}

/** What a writer is told of the run. */
export interface WriterContext {
  out: string;
  settings: Settings;
}

export interface Writer {
  readonly name: string;
  readonly summary: string;
  /** How many batches of `batch` images make a part. */
  batchesPerPart(batch: number): number;
  /** Folders that it writes to, relative to the output folder. */
  folders(settings: Settings): string[];
  /** Whether the writer makes files or folders of this name in an output folder: `--force` removes those. */
  owns(name: string): boolean;
  begin(context: WriterContext, part: number): Promise<Part>;
}

/** About how many samples a tar or array file has: enough for few files, few enough to redo one. */
export const SAMPLES_PER_FILE = 1024;

const EXTENSIONS: Record<ImageFormat, string> = { png: 'png', jpeg: 'jpg', webp: 'webp' };
export const extensionOf = (encoding: ImageFormat) => EXTENSIONS[encoding];

/** "0000123": sorts like the positions up to ten million images. */
export const padded = (position: number) => String(position).padStart(7, '0');

/**
 * File name of a part: `mixed-000002.tar`. Shards have `mixed-1-of-4-000002.tar`, so that their files fit in
 * one folder.
 */
export function partName(stem: string, part: number, extension: string, { shard }: Settings): string {
  const ofShard = shard.of > 1 ? `-${shard.index}-of-${shard.of}` : '';
  return `${stem}${ofShard}-${String(part).padStart(6, '0')}.${extension}`;
}
