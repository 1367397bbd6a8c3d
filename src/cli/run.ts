/** What every command shares: options in words to options of the API, and how a command ends. */
import { type Command, InvalidArgumentError, Option as CommandOption } from 'commander';
import { bulkMode } from '../data/codec';
import type { OpenOptions } from '../data/datasets/format';
import { SaliencyMixError } from '../errors';
import { mixerOptions } from '../mix/options';
import type { Option, OptionTable } from '../option';
import type { Mode } from '../run/out-folder';

/** 128 + SIGINT, as shells have it. */
const EXIT_STOPPED = 130;

/** Ctrl-C, a polite kill, a closed terminal. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A number; whether it is in range is the API's to say. */
export function toNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

/** "60,120,160" */
export function toNumbers(text: string): number[] {
  return text.split(',').map(toNumber);
}

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** "224", "32x48", "keep" or "auto". */
function toSize(text: string): number | [number, number] | 'keep' | 'auto' {
  if (text === 'keep' || text === 'auto') return text;
  const match = /^(\d+)(?:x(\d+))?$/.exec(text);
  if (!match) throw new InvalidArgumentError('It must be a number of pixels, HEIGHTxWIDTH, keep or auto.');
  return match[2] === undefined ? Number(match[1]) : [Number(match[1]), Number(match[2])];
}

const parsers: { [kind in Option<unknown>['kind']]?: (text: string) => unknown } = {
  number: toNumber,
  list: toNumbers,
  size: toSize,
};

/** Options from a table of the API, or those `names` of it: the same names, checks and words. */
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
    const flags = `${alias === undefined ? '' : `--${alias}, `}--${kebab(name)} <value>`;
    const option = new CommandOption(flags, plain(`${about}${range}${shown}`));
    const parser = parsers[kind];
    if (parser) option.argParser(parser);
    command.addOption(option);
  }
  return command;
}

/** Options of the mixer on the command line: class names come from the data. */
export const mixerNames = Object.keys(mixerOptions).filter((name) => name !== 'classes');

/** A path, or a split of what is there. */
export const dataOf = (path: string, split: string | undefined): OpenOptions =>
  split === undefined ? { path } : { path, split };

/** What --resume and --force mean together with a folder. */
export function modeOf(command: Command, { resume, force }: { resume?: boolean; force?: boolean }): Mode {
  if (resume && force) command.error('error: --resume and --force exclude each other');
  if (resume) return 'resume';
  return force ? 'force' : 'new';
}

/** `file: reason` for each bad file, all of them: the run goes on without them, and the user must know. */
export function reportBad(bad: readonly { file: string; reason: string }[]): void {
  if (bad.length === 0) return;
  console.error(`${bad.length} ${bad.length === 1 ? 'file was' : 'files were'} left out:`);
  for (const { file, reason } of bad)
    console.error(`  ${reason.includes(file) ? reason : `${file}: ${reason}`}`);
}

/**
 * Runs a command's work with a signal that Ctrl-C aborts. A user's mistake prints one message and exits with 1; a fault
 * of ours prints its stack. @param whenStopped what to say after Ctrl-C
 */
export async function runCommand(
  work: (signal: AbortSignal) => Promise<void>,
  whenStopped = 'stopped',
): Promise<void> {
  bulkMode();
  const controller = new AbortController();
  const stop = () => {
    process.once('SIGINT', () => process.exit(EXIT_STOPPED)); // asked twice
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
