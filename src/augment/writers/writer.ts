/** What a form of output is: parts of a run, each whole or absent. */
import type { ImageFormat } from '../../data/codec';
import type { Settings } from '../settings';

/** One mixed image with what is known of it; `record` is its label line without the place it is written to. */
export interface Sample {
  copy: number;
  /** Position of the target in the ordered list of files; names derive from it. */
  position: number;
  /** uint8 RGB, height × width × 3. */
  pixels: Uint8Array;
  /** One weight per class. */
  label: Float32Array;
  record: object;
}

/** Where a sample is: `file` relative to the output folder, and the place inside it where it holds many. */
export interface Written {
  file: string;
  key?: string;
  row?: number;
}

/** One part being written. Either `commit` or `abandon` ends it. */
export interface Part {
  /** Adds samples in order. */
  add(samples: readonly Sample[]): Promise<Written[]>;
  /** Puts everything in its place. */
  commit(): Promise<void>;
  /** Removes what is not in its place. */
  abandon(): Promise<void>;
}

/** What a writer may know of the run. */
export interface WriterContext {
  out: string;
  settings: Settings;
}

export interface Writer {
  readonly name: string;
  readonly summary: string;
  /** How many batches of a size make a part. */
  batchesPerPart(batch: number): number;
  /** Folders below the output folder that it writes to. */
  folders(settings: Settings): string[];
  /** Whether a name at the top of an output folder is this writer's. */
  owns(name: string): boolean;
  begin(context: WriterContext, part: number): Promise<Part>;
}

/** Samples in one tar or array file, about: large enough for few files, small enough to redo. */
export const SAMPLES_PER_FILE = 1024;

const EXTENSIONS: Record<ImageFormat, string> = { png: 'png', jpeg: 'jpg', webp: 'webp' };
export const extensionOf = (encoding: ImageFormat) => EXTENSIONS[encoding];

/** "0000123": sorts like the positions up to ten million images. */
export const padded = (position: number) => String(position).padStart(7, '0');

/** File of a part: `mixed-000002.tar`, of a shard `mixed-1-of-4-000002.tar`, so that shards can share a folder later. */
export function partName(stem: string, part: number, extension: string, { shard }: Settings): string {
  const ofShard = shard.of > 1 ? `-${shard.index}-of-${shard.of}` : '';
  return `${stem}${ofShard}-${String(part).padStart(6, '0')}.${extension}`;
}
