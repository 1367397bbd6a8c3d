/** What every command shares: options in words to options of the API, and how a command ends. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { bulkMode } from '../data/codec';
import { SaliencyMixError } from '../errors';
import type { MixerOptions } from '../mix/options';
import { optionTable } from '../mix/options';
import type { OptionTable } from '../option';

/** 128 + SIGINT, as shells have it. */
const STOPPED = 130;

/** Ctrl-C, a polite kill, a closed terminal. */
const ENDINGS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

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

/** Options from a table of the API: the same names, checks and words. */
export function addOptions(command: Command, table: OptionTable, names: readonly string[]): Command {
  for (const name of names) {
    const { kind, alias, about, values, default: byDefault } = table[name];
    const plain = (words: string) => words.replaceAll('`', '');
    if (kind === 'flag') {
      if (byDefault !== true) command.option(`--${kebab(name)}`, plain(about));
      command.option(`--no-${kebab(name)}`, byDefault === true ? `do not ${plain(about)}` : '');
      continue;
    }
    const shown = byDefault === undefined ? '' : `; default ${String(byDefault)}`;
    const flags = `${alias === undefined ? '' : `--${alias}, `}--${kebab(name)} <value>`;
    const option = new Option(flags, plain(`${about}: ${values}${shown}`));
    if (kind === 'number') option.argParser(toNumber);
    if (kind === 'list') option.argParser(toNumbers);
    command.addOption(option);
  }
  return command;
}

/** Not for the command line: class names come from the data. */
const HIDDEN: ReadonlySet<string> = new Set(['classes']);

type MixerName = keyof typeof optionTable;
export const mixerNames = (Object.keys(optionTable) as MixerName[]).filter((name) => !HIDDEN.has(name));

/** The mixer's options, from the same table as the API's. */
export const addMixerOptions = (command: Command, only: readonly MixerName[] = mixerNames): Command =>
  addOptions(command, optionTable, only);

/** Those of the parsed options that are the mixer's. */
export function mixerOptions(parsed: Record<string, unknown>): MixerOptions {
  return Object.fromEntries(
    mixerNames.filter((name) => parsed[name] !== undefined).map((name) => [name, parsed[name]]),
  );
}

/** "224", "32x48", "keep" or "auto". */
export function parseSize(text: string): number | [number, number] | 'keep' | 'auto' {
  if (text === 'keep' || text === 'auto') return text;
  const match = /^(\d+)(?:x(\d+))?$/.exec(text);
  if (!match) throw new InvalidArgumentError('It must be a number of pixels, HEIGHTxWIDTH, keep or auto.');
  return match[2] === undefined ? Number(match[1]) : [Number(match[1]), Number(match[2])];
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
    process.once('SIGINT', () => process.exit(STOPPED)); // asked twice
    controller.abort();
  };
  for (const name of ENDINGS) process.once(name, stop);
  try {
    await work(controller.signal);
  } catch (error) {
    if (controller.signal.aborted) {
      console.error(whenStopped);
      process.exitCode = STOPPED;
      return;
    }
    console.error(error instanceof SaliencyMixError ? `error: ${error.message}` : error);
    process.exitCode = 1;
  } finally {
    for (const name of ENDINGS) process.removeListener(name, stop);
  }
}
