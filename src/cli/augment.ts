import type { Command } from 'commander';
import { type AugmentSummary, augment } from '../augment/job';
import type { AugmentOptions } from '../augment/options';
import type { Mode } from '../run/out-folder';
import type { ImageFormat } from '../data/codec';
import { type OutputKind, writers } from '../augment/writers';
import { progressLine } from './progress';
import { addMixerOptions, mixerOptions, parseSize, reportBad, runCommand, toNumber } from './run';
import { levelOf } from '../native/backends';

interface Parsed extends Record<string, unknown> {
  out: string;
  size?: AugmentOptions['size'];
  batch?: number;
  copies?: number;
  split?: string;
  format?: OutputKind;
  encoding?: ImageFormat;
  shard?: string;
  resume?: boolean;
  force?: boolean;
  strict?: boolean;
}

/** Runs the main job with a progress line; says what was written. */
export async function augmentAndReport(options: AugmentOptions): Promise<AugmentSummary> {
  const line = progressLine();
  let summary: AugmentSummary;
  try {
    summary = await augment({
      ...options,
      onProgress: ({ done, total, before }) => line.update(done, total, before),
    });
  } finally {
    line.stop();
  }
  const { images, before, seconds, settings, bad, out } = summary;
  const made = images - before;
  const [height, width] = settings.size;
  const speed = made > 0 ? `, ${Math.round(made / seconds)} images/s` : '';
  reportBad(bad);
  if (before > 0) console.log(`${before} images were there already`);
  console.log(
    `${made} images of ${height} × ${width} written to ${out} in ${seconds.toFixed(1)} s${speed} (${summary.backend}, ${levelOf(summary.backend)})`,
  );
  return summary;
}

function modeOf({ resume, force }: Parsed): Mode {
  if (resume) return 'resume';
  return force ? 'force' : 'new';
}

export function addAugment(program: Command): void {
  const command = program
    .command('augment')
    .description('mix a data set into a new one: images, labels.jsonl, run.json and preview.png')
    .argument('<data>', 'folder of images, .tar, CIFAR binary files, or "demo"')
    .requiredOption('--out <folder>', 'where to write; a new or empty folder')
    .option('--split <name>', 'which of train, val, test, where the data has them (default train)')
    .option(
      '--size <size>',
      'pixels of a side, HEIGHTxWIDTH, keep, or auto: own size where all share one, else 224',
      parseSize,
    )
    .option('--batch <n>', 'images per batch; pairs are drawn within it (default 64)', toNumber)
    .option('--copies <n>', 'passes over the data, each with draws of its own (default 1)', toNumber)
    .option(
      '--format <kind>',
      `${Object.values(writers)
        .map(({ name, summary }) => `${name}: ${summary}`)
        .join('; ')} (default folder)`,
    )
    .option('--encoding <kind>', 'png, jpeg or webp, of written images (default png)')
    .option('--shard <i/n>', 'only shard i of n: the batches b with (b mod n) + 1 = i')
    .option('--resume', 'go on with a run that was stopped, to the same bytes')
    .option('--force', 'replace what an earlier run has written to the folder')
    .option('--strict', 'stop at the first bad file, with exit code 1');
  command.optionsGroup('Mixing:');
  addMixerOptions(command).action((data: string, parsed: Parsed) =>
    runCommand(async (signal) => {
      if (parsed.resume && parsed.force) command.error('error: --resume and --force exclude each other');
      const { out, size, batch, copies, format, encoding, shard, strict, split } = parsed;
      await augmentAndReport({
        data: split === undefined ? data : { path: data, split },
        out,
        size,
        batch,
        copies,
        format,
        encoding,
        shard,
        strict,
        signal,
        mode: modeOf(parsed),
        mixer: mixerOptions(parsed),
      });
    }, 'stopped; the same command with --resume goes on from here'),
  );
}
