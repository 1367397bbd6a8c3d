import type { Command } from 'commander';
import { type MapsOptions, mapsOptions, writeMaps } from '../augment/maps';
import { mixerOptions } from '../mix/options';
import { levelOf } from '../native/backends';
import { pick } from '../option';
import { progressLine } from './progress';
import { addDataOptions, addOptions, dataOf, reportBad, reportNotices, runCommand } from './run';

interface CommandLineOptions extends Record<string, unknown> {
  saliency?: MapsOptions['method'];
}

export function addSaliency(program: Command): void {
  const command = program
    .command('saliency')
    .description('write the saliency map, an overlay and the peak of every image')
    .argument('<data>', 'folder of images, .tar, files of CIFAR, or "demo"')
    .requiredOption('--out <folder>', 'where to write; a new or empty folder');
  addDataOptions(command, 'which of train, val, test, where the data has them (default train)');
  addOptions(command, mapsOptions);
  addOptions(command, mixerOptions, ['saliency', 'saliencyModel', 'backend', 'threads']).action(
    (path: string, parsed: CommandLineOptions) =>
      runCommand(async (signal) => {
        const line = progressLine();
        const { images, out, seconds, backend, bad, notices } = await writeMaps({
          ...pick(mapsOptions, parsed),
          data: dataOf(path, parsed),
          method: parsed.saliency,
          signal,
          onProgress: ({ done, total, before }) => line.update(done, total, before),
        }).finally(() => line.stop());
        reportBad(bad);
        reportNotices(notices);
        console.log(
          `${images} maps written to ${out} in ${seconds.toFixed(1)} s (${backend}, ${levelOf(backend)})`,
        );
      }),
  );
}
