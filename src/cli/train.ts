import { join } from 'node:path';
import type { Command } from 'commander';
import { limitOptions } from '../data/limits';
import { mixerOptions } from '../mix/options';
import { pick } from '../option';
import { counted, percent } from '../report/figures';
import { type RecipeName, recipes } from '../train/recipes';
import { REPORT } from '../train/run-report';
import { CHECKPOINT, MODEL, train, type TrainSummary } from '../train/train';
import { jobOptions, learningOptions, type TrainOptions, trainOptions } from '../train/train-options';
import { trainLine } from './progress';
import {
  addDataOptions,
  addOptions,
  dataOf,
  mixerNames,
  modeOf,
  printWarning,
  reportBad,
  reportData,
  reportNotices,
  runCommand,
  warnOfNoEffect,
} from './run';

interface CommandLineOptions extends Record<string, unknown> {
  data: string;
  test?: string | false;
  resume?: boolean;
  force?: boolean;
}

/** Options that are the run's, not its mixer's. */
const OWN: ReadonlySet<string> = new Set(['seed', 'threads', 'mean', 'std']);
const ownMixerNames = mixerNames.filter((name) => !OWN.has(name));

/** Trains with a progress bar, and prints the result. */
export async function trainAndReport(options: TrainOptions): Promise<TrainSummary> {
  const line = trainLine();
  let summary: TrainSummary;
  try {
    summary = await train({
      ...options,
      onWarning: printWarning,
      onProgress: (progress) => line.update(progress),
    });
  } finally {
    line.stop();
  }
  const { out, epochs, steps, seconds, settings, bad, notices, top1Error, top5Error } = summary;
  reportBad(bad);
  reportNotices(notices);
  const tested = Number.isNaN(top1Error)
    ? 'not tested'
    : `test error ${percent(top1Error)}${settings.classes.length > 5 ? `, top-5 ${percent(top5Error)}` : ''}`;
  console.log(
    `${settings.model.name}: ${counted(epochs, 'epoch')}, ${counted(steps, 'step')} in ${seconds.toFixed(1)} s: ${tested}`,
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
    .requiredOption('--data <data>', 'folder of images, .tar, files of CIFAR, or "demo"')
    .option(
      '--test <data>',
      'what to test on after every epoch (default: the split test or val of the data; without splits a share that is held out)',
    )
    .option('--no-test', 'train without testing')
    .option('--out <folder>', 'where to write; a new or empty folder', 'training')
    .option('--resume', 'go on with a run that was stopped, to the same numbers')
    .option('--force', 'replace what an earlier run has written to the folder');
  addDataOptions(command, 'which of train, val, test, to train on (default train)');
  addOptions(command, jobOptions);
  command.optionsGroup('Learning:');
  addOptions(command, learningOptions);
  command.optionsGroup('Mixing:');
  addOptions(command, mixerOptions, ownMixerNames).action((parsed: CommandLineOptions) =>
    runCommand(async (signal) => {
      const mixer = Object.fromEntries(
        Object.entries(pick(mixerOptions, parsed)).filter(([name]) => !OWN.has(name)),
      );
      const options = pick(trainOptions, parsed);
      // Manifold Mixup says by itself which method it takes the place of.
      if (options.manifoldMixup === undefined)
        warnOfNoEffect(mixer, recipes[options.recipe as RecipeName]?.mixer);
      await trainAndReport({
        onData: reportData,
        ...options,
        data: dataOf(parsed.data, parsed),
        ...(typeof parsed.test === 'string' && {
          test: { ...pick(limitOptions, parsed), path: parsed.test },
        }),
        mixer,
        mode: modeOf(command, parsed),
        signal,
      });
    }, 'stopped; the same command with --resume goes on from here'),
  );
}
