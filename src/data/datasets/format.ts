/**
 * What a data set format is: a name, a test for paths, and a function that opens one. index.ts lists all
 * formats.
 */
import { type Checked, checked, custom, type OptionsOf, required, text, whole } from '../../option';
import type { DatasetSource } from '../source';

/** Options of the demo data set: number of images, side in pixels, seed. */
export const demoOptions = {
  count: whole(1, { max: 1_000_000, default: 250 }),
  size: whole(8, { max: 1024, default: 128 }),
  seed: whole(0, { default: 0 }),
};

export const openOptions = {
  /** A folder or file, or the word `demo`. */
  path: required(text('path')),
  /** Name of the format; found from the path's content unless given. */
  format: text('name'),
  /** Which split, where the data has several; `train` unless given. */
  split: text('name', { about: 'which of train, val, test, where the data has them (default train)' }),
  /** Options of the demo data set; other formats ignore them. */
  demo: custom<Checked<typeof demoOptions>, OptionsOf<typeof demoOptions>>((value, argument) =>
    checked(demoOptions, value, argument, `${argument}.`),
  ),
};

export type OpenOptions = OptionsOf<typeof openOptions>;

export interface Format {
  readonly name: string;
  /** One line for help texts and tables. */
  readonly summary: string;
  /** Whether the path looks like this format. Never rejects: false for a path that is not there. */
  matches(path: string): Promise<boolean>;
  /** @throws (rejects) SaliencyMixError, mostly DATA */
  open(options: OpenOptions): Promise<DatasetSource>;
}
