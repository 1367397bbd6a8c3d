// The command line: which tasks, and how they are run.
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { PAGES, taskNames } from './pages.mjs';

const TASKS_FOLDER = new URL('../tasks/', import.meta.url);

export const USAGE = `npm run bench -- [task…] [options]

tasks: ${taskNames.join(', ')} (unless named: all but training and ablation, with --quick all)

  --quick             small inputs and few rounds, about a minute; compares results, times mean little
  --rounds <n>        rounds of each job (default 11, quick 3)
  --only <text>       only jobs whose names contain the text, such as "ResNet-20 128"; may be given several times
  --against <commit>  builds that commit of this repository too and runs it side by side
  --images <path>     pipeline: JPEG files, a folder or .tar, instead of drawn ones; may be given twice,
                      one of photographs and one of 32 × 32 images
  --out <file>        where the measurements go; without it those of all tasks but training and ablation, and those
                      alone, are kept in results/, others are not
  --report [file]     only writes REPORT.md and report.svg, another page, from the given or the newest measurements`;

/** An error that is the user's to mend: shown without a stack. */
export class UsageError extends Error {}

const OPTIONS = {
  quick: { type: 'boolean', default: false },
  rounds: { type: 'string' },
  only: { type: 'string', multiple: true, default: [] },
  against: { type: 'string' },
  images: { type: 'string', multiple: true, default: [] },
  out: { type: 'string' },
  report: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

function parse(words) {
  try {
    return parseArgs({ args: words, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${error.message}\n\n${USAGE}`, { cause: error });
  }
}

function checkRounds(text, quick) {
  if (text === undefined) return quick ? 3 : 11;
  const rounds = Number(text);
  if (Number.isInteger(rounds) && rounds >= 1) return rounds;
  throw new UsageError(`--rounds must be a whole number of at least 1, not "${text}"`);
}

/** Whether --only, which names parts of jobs' names, leaves this one in. */
export const isWanted = (id, only) => only.length === 0 || only.some((text) => id.includes(text));

/** npm runs scripts in their package's folder; paths are meant from where the user stands. */
export const fromUser = (path) => path && resolve(process.env.INIT_CWD ?? '.', path);

/** @throws UsageError */
export function readOptions(words) {
  const { values, positionals } = parse(words);
  const settings = {
    ...values,
    images: values.images.map(fromUser),
    out: fromUser(values.out),
    rounds: checkRounds(values.rounds, values.quick),
    cores: availableParallelism(),
  };
  if (values.report) {
    if (positionals.length > 1)
      throw new UsageError('--report takes one file of measurements, or none for the newest');
    return { ...settings, file: fromUser(positionals[0]), tasks: [] };
  }
  for (const word of positionals) {
    if (!taskNames.includes(word))
      throw new UsageError(`unknown task "${word}"; there are ${taskNames.join(', ')}`);
  }
  const usual = values.quick ? taskNames : PAGES.usual.tasks;
  const named = positionals.length > 0 ? positionals : usual;
  return {
    ...settings,
    tasks: taskNames.filter((name) => named.includes(name)),
  };
}

/** A task's module, and the files of its contenders: everything beside task.mjs, or beside the task it shares them with. */
export async function loadTask(name) {
  const task = await import(new URL(`${name}/task.mjs`, TASKS_FOLDER));
  const folder = new URL(`${task.contendersOf ?? name}/`, TASKS_FOLDER);
  const files = readdirSync(folder)
    .filter((file) => /\.(mjs|py)$/.test(file) && file !== 'task.mjs')
    .toSorted()
    .map((file) => new URL(file, folder));
  return { name, ...task, files };
}
