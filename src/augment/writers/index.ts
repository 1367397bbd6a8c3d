/** The registry of output forms. A new one: its file in this folder, and one line here. */
import type { OutputKind } from '../settings';
import { folder } from './folder';
import { npy } from './npy';
import { webdataset } from './webdataset';
import type { Writer } from './writer';

export const writers: Record<OutputKind, Writer> = {
  folder,
  webdataset,
  npy,
};

export const writerNames = Object.keys(writers) as OutputKind[];
