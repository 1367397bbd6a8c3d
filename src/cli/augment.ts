import type { Command } from 'commander';
import { type AugmentSummary, augment } from '../augment/job';
import { type AugmentOptions, augmentOptions } from '../augment/options';
import { mixerOptions } from '../mix/options';
import { levelOf } from '../native/backends';
import { pick } from '../option';
import { progressLine } from './progress';
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
  resume?: boolean;
  force?: boolean;
}

/** Runs the main job with a progress line, and prints what was written. */
export async function augmentAndReport(options: AugmentOptions): Promise<AugmentSummary> {
  const line = progressLine();
  let summary: AugmentSummary;
  try {
    summary = await augment({
      ...options,
      onWarning: printWarning,
      onProgress: ({ done, total, before }) => line.update(done, total, before),
    });
  } finally {
    line.stop();
  }
  const { images, before, seconds, settings, bad, notices, out } = summary;
  const made = images - before;
  const [height, width] = settings.size;
  const speed = made > 0 ? `, ${Math.round(made / seconds)} images/s` : '';
  reportBad(bad);
  reportNotices(notices);
  if (before > 0) console.log(`${before} images were there already`);
  console.log(
    `${made} images of ${height} × ${width} written to ${out} in ${seconds.toFixed(1)} s${speed} (${summary.backend}, ${levelOf(summary.backend)})`,
  );
  return summary;
}

export function addAugment(program: Command): void {
  const command = program
    .command('augment')
    .description('mix a data set into a new one: images, labels.jsonl, run.json and preview.png')
    .argument('<data>', 'folder of images, .tar, files of CIFAR, or "demo"')
    .requiredOption('--out <folder>', 'where to write; a new or empty folder')
    .option('--resume', 'go on with a run that was stopped, to the same bytes')
    .option('--force', 'replace what an earlier run has written to the folder');
  addDataOptions(command, 'which of train, val, test, where the data has them (default train)');
  addOptions(command, augmentOptions);
  command.optionsGroup('Mixing:');
  addOptions(command, mixerOptions, mixerNames).action((path: string, parsed: CommandLineOptions) =>
    runCommand(async (signal) => {
      const mixer = pick(mixerOptions, parsed);
      warnOfNoEffect(mixer);
      await augmentAndReport({
        onData: reportData,
        ...pick(augmentOptions, parsed),
        data: dataOf(path, parsed),
        mixer,
        mode: modeOf(command, parsed),
        signal,
      });
    }, 'stopped; the same command with --resume goes on from here'),
  );
}
