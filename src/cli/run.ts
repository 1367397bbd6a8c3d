/** What all commands share: options of the command line become options of the API, and how a command ends. */
import { type Command, InvalidArgumentError, Option as CommandOption } from 'commander';
import { bulkMode } from '../data/codec';
import { type OpenOptions, openOptions } from '../data/datasets/format';
import { type DatasetSummary, summaryLine } from '../data/describe';
import { limitOptions } from '../data/limits';
import { SaliencyMixError } from '../errors';
import { type CheckedMixerOptions, mixerOptions } from '../mix/options';
import { withoutEffect } from '../mix/without-effect';
import { checked, type Option, type OptionTable, pick } from '../option';
import type { Mode } from '../run/out-folder';

/** Exit code after Ctrl-C: 128 + the number of SIGINT, as in shells. */
const EXIT_STOPPED = 130;

/** Ctrl-C, `kill`, and a closed terminal: the run is stopped so that it can be resumed. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A number. The API checks its range. */
export function toNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

/** "60,120,160" */
export function toNumbers(text: string): number[] {
  const parts = text.split(',');
  if (parts.some((part) => part.trim() === '' || Number.isNaN(Number(part))))
    throw new InvalidArgumentError('It must be numbers, separated by commas.');
  return parts.map(Number);
}

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** "224", "32x48", "keep" or "auto". */
function toSize(text: string): number | [number, number] | 'keep' | 'auto' {
  if (text === 'keep' || text === 'auto') return text;
  const match = /^(\d+)(?:x(\d+))?$/.exec(text);
  if (!match) throw new InvalidArgumentError('It must be a number of pixels, HEIGHTxWIDTH, keep or auto.');
  return match[2] === undefined ? Number(match[1]) : [Number(match[1]), Number(match[2])];
}

/** "16", or a name. The API checks it. */
function toNumberOrName(text: string): number | string {
  return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
}

const parsers: { [kind in Option<unknown>['kind']]?: (text: string) => unknown } = {
  number: toNumber,
  numberOrName: toNumberOrName,
  list: toNumbers,
  names: (text) => text.split(','),
  namesOrUsual: (text) => text.split(','),
  size: toSize,
};

/** Adds the options `names` of a table of the API to a command, with the table's names, checks and texts. */
export function addOptions(command: Command, table: OptionTable, names = Object.keys(table)): Command {
  for (const name of names) {
    const { kind, alias, about, values, default: byDefault } = table[name];
    if (about === '') continue;
    const plain = (words: string) => words.replaceAll('`', '');
    if (kind === 'flag') {
      if (byDefault !== true) command.option(`--${kebab(name)}`, plain(about));
      if (byDefault !== false)
        command.option(`--no-${kebab(name)}`, byDefault === true ? `do not ${plain(about)}` : '');
      continue;
    }
    const range = values === '' ? '' : `: ${values}`;
    const standard = kind === 'value' ? undefined : (byDefault as string | number | undefined);
    const shown = standard === undefined ? '' : `; default ${standard}`;
    const value = kind === 'namesOrUsual' ? '[names]' : '<value>';
    const flags = `${alias === undefined ? '' : `--${alias}, `}--${kebab(name)} ${value}`;
    const option = new CommandOption(flags, plain(`${about}${range}${shown}`));
    const parser = parsers[kind];
    if (parser) option.argParser(parser);
    command.addOption(option);
  }
  return command;
}

/** The mixer's options that the command line has: all but `classes`, which the data tell. */
export const mixerNames = Object.keys(mixerOptions).filter((name) => name !== 'classes');

/** Says which of the mixer's options that were typed change nothing; bad values are the job's to refuse. */
export function warnOfNoEffect(given: Record<string, unknown>, usual?: CheckedMixerOptions): void {
  const { method, names } = withoutEffect(checked(mixerOptions, given, 'mixer options'), usual);
  if (names.length === 0) return;
  const flags = names.map((name) => `--${kebab(name)}`).join(', ');
  printWarning(`${flags} ${names.length === 1 ? 'does' : 'do'} nothing for "${method}"`);
}

/** The options of openDataset that all commands with data have. */
const dataNames = [
  'classesFrom',
  'classPattern',
  'classList',
  'allowEmptyClasses',
  ...Object.keys(limitOptions),
];

/** Adds the options that say how a data set is read. `split` says which split it is. */
export function addDataOptions(command: Command, split: string): Command {
  command.option('--split <name>', split);
  return addOptions(command, openOptions, dataNames);
}

/** The options of openDataset for a path, from those of the command line. */
export const dataOf = (path: string, parsed: Record<string, unknown>): OpenOptions => ({
  ...pick(openOptions, Object.fromEntries(['split', ...dataNames].map((name) => [name, parsed[name]]))),
  path,
});

/** Prints the line that says what was found in the data set. */
export const reportData = (found: DatasetSummary): void => console.error(summaryLine(found));

/** The mode that --resume and --force ask for. */
export function modeOf(command: Command, { resume, force }: { resume?: boolean; force?: boolean }): Mode {
  if (resume && force) command.error('error: --resume and --force exclude each other');
  if (resume) return 'resume';
  return force ? 'force' : 'new';
}

/** Prints a warning: something that the user should know, and that stops nothing. */
export const printWarning = (message: string): void => console.error(`warning: ${message}`);

/** Prints `file: reason` for every bad file: the run went on without them, so the user must be told. */
export function reportBad(bad: readonly { file: string; reason: string }[]): void {
  if (bad.length === 0) return;
  console.error(`${bad.length} ${bad.length === 1 ? 'file was' : 'files were'} left out:`);
  for (const { file, reason } of bad)
    console.error(`  ${reason.includes(file) ? reason : `${file}: ${reason}`}`);
}

/** Prints the notices of a data set. */
export function reportNotices(notices: readonly string[]): void {
  for (const notice of notices) console.error(`note: ${notice}`);
}

/**
 * Runs a command's work with a signal that Ctrl-C aborts. A SaliencyMixError prints its message and exits with
 * 1; any other error, a bug of this package, prints its stack. A second Ctrl-C exits at once.
 * @param whenStopped the message after Ctrl-C
 */
export async function runCommand(
  work: (signal: AbortSignal) => Promise<void>,
  whenStopped = 'stopped',
): Promise<void> {
  bulkMode();
  const controller = new AbortController();
  const stop = () => {
    process.once('SIGINT', () => process.exit(EXIT_STOPPED));
    controller.abort();
  };
  for (const name of STOP_SIGNALS) process.once(name, stop);
  try {
    await work(controller.signal);
  } catch (error) {
    if (controller.signal.aborted) {
      console.error(whenStopped);
      process.exitCode = EXIT_STOPPED;
      return;
    }
    console.error(error instanceof SaliencyMixError ? `error: ${error.message}` : error);
    process.exitCode = 1;
  } finally {
    for (const name of STOP_SIGNALS) process.removeListener(name, stop);
  }
}
