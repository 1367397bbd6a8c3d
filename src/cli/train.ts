import { join } from 'node:path';
import type { Command } from 'commander';
import type { OpenOptions } from '../data/datasets/format';
import { percent } from '../report/figures';
import { REPORT } from '../train/run-report';
import { CHECKPOINT, MODEL, train, type TrainSummary } from '../train/train';
import {
  type LearningOptions,
  learningNames,
  learningTable,
  type TrainOptions,
} from '../train/train-options';
import { trainLine } from './progress';
import {
  addMixerOptions,
  addOptions,
  mixerNames,
  mixerOptions,
  parseSize,
  reportBad,
  runCommand,
  toNumber,
} from './run';

interface Parsed extends Record<string, unknown> {
  data: string;
  split?: string;
  test?: string | false;
  out: string;
  size?: TrainOptions['size'];
  resume?: boolean;
  force?: boolean;
  checkpointMinutes?: number;
  strict?: boolean;
}

/** Those of the mixer's that a run has for itself. */
const OWN: ReadonlySet<string> = new Set(['seed', 'threads']);

const learningOptions = (parsed: Record<string, unknown>): LearningOptions =>
  Object.fromEntries(
    learningNames.filter((name) => parsed[name] !== undefined).map((name) => [name, parsed[name]]),
  );

/** Trains with a progress bar; says what came of it. */
export async function trainAndReport(options: TrainOptions): Promise<TrainSummary> {
  const line = trainLine();
  let summary: TrainSummary;
  try {
    summary = await train({ ...options, onProgress: (progress) => line.update(progress) });
  } finally {
    line.stop();
  }
  const { out, epochs, steps, seconds, settings, bad, top1Error, top5Error } = summary;
  reportBad(bad);
  const tested = Number.isNaN(top1Error)
    ? 'not tested'
    : `test error ${percent(top1Error)}${settings.classes.length > 5 ? `, top-5 ${percent(top5Error)}` : ''}`;
  console.log(
    `${settings.model.name}: ${epochs} epochs, ${steps} steps in ${seconds.toFixed(1)} s: ${tested}`,
  );
  console.log(
    `Look at ${join(out, REPORT)}; ${join(out, CHECKPOINT)} and ${join(out, MODEL)} hold the model`,
  );
  return summary;
}

export function addTrain(program: Command): void {
  const command = program
    .command('train')
    .description('train a classifier on mixed images: a checkpoint, metrics, a report with curves')
    .requiredOption('--data <data>', 'folder of images, .tar, CIFAR binary files, or "demo"')
    .option('--split <name>', 'which of train, val, test, to train on (default train)')
    .option('--test <data>', 'what to test on after every epoch (default: the split test or val of the data)')
    .option('--no-test', 'train without testing')
    .option('--out <folder>', 'where to write; a new or empty folder', 'training')
    .option(
      '--size <size>',
      'pixels of a side, HEIGHTxWIDTH, keep, or auto: own size where all share one, else 224',
      parseSize,
    )
    .option('--resume', 'go on with a run that was stopped, to the same numbers')
    .option('--force', 'replace what an earlier run has written to the folder')
    .option(
      '--checkpoint-minutes <n>',
      'a checkpoint after every epoch, and within one after so many minutes (default 10)',
      toNumber,
    )
    .option('--strict', 'stop at the first bad file, with exit code 1');
  command.optionsGroup('Learning:');
  addOptions(command, learningTable, learningNames);
  command.optionsGroup('Mixing:');
  addMixerOptions(
    command,
    mixerNames.filter((name) => !OWN.has(name)),
  ).action((parsed: Parsed) =>
    runCommand(async (signal) => {
      if (parsed.resume && parsed.force) command.error('error: --resume and --force exclude each other');
      const { out, size, strict, split, checkpointMinutes } = parsed;
      const data: OpenOptions = split === undefined ? { path: parsed.data } : { path: parsed.data, split };
      const { seed: _, threads: __, ...mixer } = mixerOptions(parsed);
      await trainAndReport({
        ...learningOptions(parsed),
        data,
        test: typeof parsed.test === 'string' || parsed.test === false ? parsed.test : undefined,
        out,
        size,
        mixer,
        checkpointMinutes,
        strict,
        signal,
        mode: parsed.resume ? 'resume' : parsed.force ? 'force' : 'new',
      });
    }, 'stopped; the same command with --resume goes on from here'),
  );
}
