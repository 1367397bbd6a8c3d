import type { Command } from 'commander';
import { writeMaps } from '../augment/maps';
import type { Size } from '../data/codec';
import { progressLine } from './progress';
import { addMixerOptions, parseSize, reportBad, runCommand } from './run';
import { levelOf } from '../native/backends';

interface Parsed {
  out: string;
  split?: string;
  size?: number | [number, number] | 'keep' | 'auto';
  force?: boolean;
  strict?: boolean;
  saliency?: 'fine-grained';
  saliencyModel?: string;
  backend?: string;
  threads?: number;
}

function toSize(size: Parsed['size']): Size | undefined {
  if (typeof size === 'number') return [size, size];
  return Array.isArray(size) ? size : undefined;
}

export function addSaliency(program: Command): void {
  const command = program
    .command('saliency')
    .description('write the saliency map, an overlay and the peak of every image')
    .argument('<data>', 'folder of images, .tar, CIFAR binary files, or "demo"')
    .requiredOption('--out <folder>', 'where to write; a new or empty folder')
    .option('--split <name>', 'which of train, val, test, where the data has them (default train)')
    .option('--size <size>', 'pixels of a side, or HEIGHTxWIDTH (default: each image’s own)', parseSize)
    .option('--force', 'write into a folder that is not empty')
    .option('--strict', 'stop at the first bad file, with exit code 1');
  addMixerOptions(command, ['saliency', 'saliencyModel', 'backend', 'threads']).action(
    (data: string, parsed: Parsed) =>
      runCommand(async (signal) => {
        const { out, split, force, strict, saliency: method, saliencyModel, backend, threads } = parsed;
        const line = progressLine();
        const summary = await writeMaps({
          data: split === undefined ? data : { path: data, split },
          out,
          force,
          strict,
          method,
          saliencyModel,
          backend,
          threads,
          signal,
          size: toSize(parsed.size),
          onProgress: ({ done, total, before }) => line.update(done, total, before),
        }).finally(() => line.stop());
        reportBad(summary.bad);
        console.log(
          `${summary.images} maps written to ${out} in ${summary.seconds.toFixed(1)} s (${summary.backend}, ${levelOf(summary.backend)})`,
        );
      }),
  );
}
