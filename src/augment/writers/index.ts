/** The registry of output formats. A new one needs a file in this folder and a line here. */
import { folder } from './folder';
import { npy } from './npy';
import { webdataset } from './webdataset';
import type { Writer } from './writer';

export const writers = {
  folder,
  webdataset,
  npy,
} as const satisfies Record<string, Writer>;

export type OutputKind = keyof typeof writers;
export const writerNames = Object.keys(writers) as OutputKind[];

/** The writer that a run's settings name. */
export const writerOf = ({ format }: { format: string }): Writer => writers[format as OutputKind];
