/** What a data set format is: a name, a test for a path, and an opener. The registry of them is index.ts. */
import { type Checked, checked, custom, type OptionsOf, required, text, whole } from '../../option';
import type { DatasetSource } from '../source';

/** Settings of the data set that the package draws itself. */
export const demoOptions = {
  count: whole(1, { max: 1_000_000, default: 250 }),
  size: whole(8, { max: 1024, default: 128 }),
  seed: whole(0, { default: 0 }),
};

export const openOptions = {
  /** A folder or file, or the word `demo`. */
  path: required(text('path')),
  /** Name of the format; left out, the path's content tells. */
  format: text('name'),
  /** Which split, where the data has several; `train` when left out. */
  split: text('name', { about: 'which of train, val, test, where the data has them (default train)' }),
  /** Settings of the procedural data set; only the format `demo` reads them. */
  demo: custom<Checked<typeof demoOptions>, OptionsOf<typeof demoOptions>>((value, argument) =>
    checked(demoOptions, value, argument, `${argument}.`),
  ),
};

export type OpenOptions = OptionsOf<typeof openOptions>;

export interface Format {
  readonly name: string;
  /** One line for help texts and tables. */
  readonly summary: string;
  /** Whether the path looks like this format. Never rejects; a path that is not there matches nothing. */
  matches(path: string): Promise<boolean>;
  /** Rejects with a SaliencyMixError, mostly of code DATA. */
  open(options: OpenOptions): Promise<DatasetSource>;
}
