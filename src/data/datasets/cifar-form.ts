/** In what form CIFAR's files are: what its versions for C and for Python differ in. */
import type { promises as fs } from 'node:fs';
import { dataError } from '../fail';
import type { CifarFiles } from './cifar-files';

/** An opened file, whose bytes begin at `offset` of the handle. */
export interface Place {
  readonly handle: fs.FileHandle;
  readonly offset: number;
  readonly size: number;
}

/** The records of a file: their classes, and where each has its pixels. */
export interface Records {
  readonly labels: readonly number[];
  /** Where the first record begins, in the handle. */
  readonly offset: number;
  /** Bytes of each record before its pixels. */
  readonly labelBytes: number;
}

export interface CifarForm {
  readonly classes: 10 | 100;
  /** Names of the files of each split. */
  readonly train: RegExp;
  readonly test: RegExp;
  /** The file with the names of the classes. */
  readonly names: string;
  /** Whether other data has files of these names, too, so that those of the classes must be there. */
  readonly isCommon?: boolean;
  /** Those names; none where there is no such file. */
  readNames(files: CifarFiles): Promise<readonly string[]>;
  /** @throws (rejects) SaliencyMixError DATA for what is no such file, and for a label that is no class */
  records(place: Place, file: string, classes: number): Promise<Records>;
  /** How many images a file has. */
  count(files: CifarFiles, name: string): Promise<number>;
}

/** @throws SaliencyMixError DATA for a label that is no class */
export function checkLabel(label: unknown, record: number, file: string, classes: number): number {
  if (typeof label === 'number' && Number.isInteger(label) && label >= 0 && label < classes) return label;
  throw dataError(
    file,
    `has the label ${String(label)} in record ${record}, but there are ${classes} classes; is it a CIFAR file?`,
  );
}
