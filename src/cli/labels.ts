import type { Command } from 'commander';
import { labelOptions, labelReport } from '../augment/labels/report';
import { pick } from '../option';
import { labelText } from '../report/label-table';
import { progressLine } from './progress';
import { addDataOptions, addOptions, dataOf, runCommand } from './run';
import { mixerOptions } from '../mix/options';

interface CommandLineOptions extends Record<string, unknown> {
  json?: boolean;
}

export function addLabels(program: Command): void {
  const command = program
    .command('labels')
    .description('how often mixed labels tell of objects that are not seen, on data with masks')
    .argument('<data>', 'folder of images with masks/ beside them, or "demo"')
    .option('--json', 'everything as JSON');
  addDataOptions(command, 'which of train, val, test, where the data has them (default train)');
  addOptions(command, labelOptions);
  addOptions(command, mixerOptions, ['backend', 'threads']).action(
    (path: string, parsed: CommandLineOptions) =>
      runCommand(async (signal) => {
        const line = progressLine();
        const rows = await labelReport({
          ...pick(labelOptions, parsed),
          data: dataOf(path, parsed),
          signal,
          onProgress: ({ done, total, before }) => line.update(done, total, before),
        }).finally(() => line.stop());
        console.log(parsed.json ? JSON.stringify(rows, null, 2) : labelText(rows));
      }),
  );
}
