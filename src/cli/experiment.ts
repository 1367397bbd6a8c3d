import { join } from 'node:path';
import type { Command } from 'commander';
import {
  type ExperimentRun,
  gatherResults,
  REPORT,
  runExperiment,
  summariesOf,
  writeReports,
} from '../experiments/experiment-run';
import { experimentList, ownNames } from '../experiments/index';
import { type ExperimentOptions, experimentOptions } from '../experiments/options';
import type { GridProgress } from '../experiments/run';
import { limitOptions } from '../data/limits';
import { pick } from '../option';
import { experimentText, LEGEND } from '../report/experiment';
import { duration } from '../report/figures';
import { figuresText } from '../report/figures-table';
import { Bar } from './bar';
import { addDataOptions, addOptions, dataOf, printWarning, runCommand } from './run';

interface RunOptions extends Record<string, unknown> {
  data: string;
  out: string;
  resume?: boolean;
  json?: boolean;
}

/** How far all cells are, and the time left by the pace so far. */
function gridLine() {
  const start = Date.now();
  const bar = process.stderr.isTTY ? new Bar(process.stderr, 30) : undefined;
  let last = start;
  return {
    update({ unit, done, total, epochsDone, epochsBefore, epochs, running }: GridProgress) {
      const text = unit
        ? `${done} of ${total} ${unit}`
        : `${done} of ${total} cells, ${running.size} running`;
      const now = epochsDone - epochsBefore;
      if (bar) bar.draw({ done: epochsDone, doneBefore: epochsBefore, total: epochs, after: text });
      else if (Date.now() - last >= 30_000) {
        last = Date.now();
        const seconds = ((last - start) / 1000 / now) * (epochs - epochsDone);
        const left = now > 0 ? `, ${duration(seconds)} left` : '';
        console.error(unit ? text + left : `${text}${left} (${epochsDone.toFixed(1)} of ${epochs} epochs)`);
      }
    },
    stop: () => bar?.end(),
  };
}

function printRun({ summaries, tables, own, elsewhere, failed, cells }: ExperimentRun, out: string): void {
  if (own) console.log(`${own.text}\n\nWritten: ${own.files.join(', ')}`);
  for (const table of tables) console.log(`${figuresText(table)}\n`);
  for (const summary of summaries) console.log(`${experimentText(summary)}\n`);
  if (summaries.length > 0) console.log(`${LEGEND}\n\nLook at ${join(out, REPORT)}`);
  if (elsewhere.length > 0)
    console.log(
      [
        `${elsewhere.length} of ${cells} cells are trained by other processes:`,
        ...new Set(elsewhere.map(({ reason }) => reason)),
      ].join('\n  '),
    );
  if (failed.length === 0) return;
  console.error(`${failed.length} of ${cells} cells failed; the same command with --resume tries them again`);
}

function addRun(group: Command): void {
  const command = group
    .command('run')
    .description('run an experiment, and write its tables, curves or pictures')
    .argument('<name>', experimentList.map(([name]) => name).join(', '))
    .requiredOption(
      '--data <data>',
      'CIFAR-10, or what --recipe is for: its files, a folder, a .tar; or "demo"',
    )
    .option('--out <folder>', 'where to write: a folder for each cell', 'experiments')
    .option('--resume', 'go on with an experiment that was stopped, to the same numbers')
    .option('--json', 'what came of it as JSON');
  addDataOptions(command, 'which of train, val, test, to train on (default train)');
  addOptions(command, experimentOptions).action((experiment: string, parsed: RunOptions) => {
    const isOwn = (ownNames as string[]).includes(experiment);
    const stopped = isOwn ? 'stopped' : 'stopped; the same command with --resume goes on from here';
    return runCommand(async (signal) => {
      const line = gridLine();
      const { resume } = parsed;
      const run = await runExperiment({
        ...pick(experimentOptions, parsed),
        experiment: experiment as ExperimentOptions['experiment'],
        data: { ...pick(limitOptions, parsed), ...dataOf(parsed.data, parsed) },
        resume,
        signal,
        onProgress: (progress) => line.update(progress),
        onWarning: printWarning,
      }).finally(() => line.stop());
      if (parsed.json) console.log(JSON.stringify(run, null, 2));
      else printRun(run, parsed.out);
      if (run.failed.length > 0) process.exitCode = 1;
    }, stopped);
  });
}

export function addExperiment(program: Command): void {
  const group = program
    .command('experiment')
    .description(
      'the paper’s experiments: tables and curves of many training runs, with the paper’s numbers beside them',
    );
  group
    .command('list')
    .description('the experiments')
    .action(() => {
      for (const [name, summary] of experimentList) console.log(`${name.padEnd(20)} ${summary}`);
    });
  addRun(group);
  group
    .command('report')
    .description('tables and curves of results that were gathered in a folder')
    .argument('<folder>', 'with the folders of cells, or with their result.json under any names')
    .option('--out <folder>', 'where to write report.html and report.md; the same folder unless given')
    .action((folder: string, { out = folder }: { out?: string }) =>
      runCommand(async () => {
        const summaries = summariesOf(await gatherResults(folder, printWarning), printWarning);
        await writeReports(out, summaries);
        printRun({ summaries, tables: [], elsewhere: [], failed: [], cells: 0 }, out);
      }),
    );
}
