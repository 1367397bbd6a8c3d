/** What a data set format is: a name, a test for a path, and an opener. The registry of them is index.ts. */
import type { DatasetSource } from '../source';

export interface OpenOptions {
  /** A folder or file, or the word `demo`. */
  path: string;
  /** Name of the format; left out, the path's content tells. */
  format?: string;
  /** Which split, where the data has several; `train` when left out. */
  split?: string;
  /** Settings of the procedural data set; only the format `demo` reads them. */
  demo?: { count?: number; size?: number; seed?: number };
}

export interface Format {
  readonly name: string;
  /** One line for help texts and tables. */
  readonly summary: string;
  /** Whether the path looks like this format. Never rejects; a path that is not there matches nothing. */
  matches(path: string): Promise<boolean>;
  /** Rejects with a SaliencyMixError, mostly of code DATA. */
  open(options: OpenOptions): Promise<DatasetSource>;
}
