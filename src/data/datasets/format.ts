/**
 * What a data set format is: a name, a test for paths, and a function that opens one. index.ts lists all
 * formats.
 */
import { invalid, text as checkText } from '../../check';
import {
  type Checked,
  checked,
  custom,
  flag,
  named,
  type OptionsOf,
  required,
  text,
  whole,
} from '../../option';
import { limitOptions } from '../limits';
import type { DatasetSource } from '../source';

/** Options of the demo data set: number of images, side in pixels, seed. */
export const demoOptions = {
  count: whole(1, { max: 1_000_000, default: 250 }),
  size: whole(8, { max: 1024, default: 128 }),
  seed: whole(0, { default: 0 }),
};

/** @throws SaliencyMixError ARGUMENT for anything but a regular expression with a group */
function checkPattern(value: unknown, argument: string): string {
  const source = checkText(value, argument);
  const groups = groupsOf(source);
  if (!groups) throw invalid(argument, 'a regular expression with a group, as in "^([a-z]+)_"', value);
  return source;
}

/** The number of groups in a regular expression; undefined for what is none. */
function groupsOf(source: string): number | undefined {
  try {
    // An empty alternative matches everything, so that the match has a place for each group.
    return (new RegExp(`${source}|`, 'u').exec('') as RegExpExecArray).length - 1;
  } catch {
    return undefined;
  }
}

export const openOptions = {
  /** A folder or file, or the word `demo`. */
  path: required(text('path')),
  /** Name of the format; found from the path's content unless given. */
  format: text('name'),
  /** Which split, where the data has several; `train` unless given. */
  split: text('name', { about: 'which of train, val, test, where the data has them (default train)' }),
  /** Where the class of an image comes from; unless given, folders where there are any, else names. */
  classesFrom: named(['folder', 'name'], {
    about:
      'what the class of an image is: its folder, or its name up to the first _ (default: what there is)',
  }),
  /** Regular expression for the names of files; its first group is the class. */
  classPattern: custom<string>(checkPattern, {
    kind: 'text',
    about: 'regular expression for the names of files, whose first group is the class',
  }),
  /** A CSV or JSONL file with the class of each image. */
  classList: text('file', { about: 'CSV or JSONL file with the columns file and label' }),
  /** Whether a class may have no image that can be decoded. */
  allowEmptyClasses: flag({ default: false, about: 'go on where no image of a class can be decoded' }),
  ...limitOptions,
  /** Options of the demo data set; other formats ignore them. */
  demo: custom<Checked<typeof demoOptions>, OptionsOf<typeof demoOptions>>((value, argument) =>
    checked(demoOptions, value, argument, `${argument}.`),
  ),
};

export type OpenOptions = OptionsOf<typeof openOptions>;

/** Options, and what a job adds. */
export interface Opening extends OpenOptions {
  /** Unless a split is asked for, the first of these that is there; `train` unless given. */
  readonly prefer?: readonly string[];
}

export interface Format {
  readonly name: string;
  /** One line for help texts and tables. */
  readonly summary: string;
  /** Whether the path looks like this format. Never rejects: false for a path that is not there. */
  matches(path: string): Promise<boolean>;
  /** @throws (rejects) SaliencyMixError, mostly DATA */
  open(options: Opening): Promise<DatasetSource>;
}
