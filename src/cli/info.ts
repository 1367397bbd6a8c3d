import { availableParallelism, cpus } from 'node:os';
import type { Command } from 'commander';
import { environment, onnxruntimeVersion, version } from '../run/environment';
import { formats } from '../data/datasets';
import { describeDataset } from '../data/describe';
import { mixMethodNames, mixMethods } from '../mix/index';
import { modelNames, models } from '../models/index';
import { labelRules } from '../mix/label-rule';
import { schemeNames } from '../mix/schemes';
import { type Backend, backends } from '../native/backends';
import { aboutOperation, imageOperationNames } from '../operations/table';
import { policies } from '../operations/policies/index';
import { onnxruntimeLine } from '../package-manager';
import { UNTESTED } from '../native/tested';
import { saliencyMethods } from '../saliency/methods';
import { type TrainingInfo, trainingInfo } from '../train/engine';
import { learningOptions } from '../train/train-options';
import { printDescription } from './info-data';
import { describeNetwork, modelOptionNames, printNetwork } from './info-model';
import { addDataOptions, addOptions, dataOf, runCommand, toNumber } from './run';

const onnxruntime = () =>
  onnxruntimeVersion() ?? `not installed (optional, for training and learned saliency: ${onnxruntimeLine()})`;

async function collect() {
  const all = backends();
  return {
    saliencymix: version,
    ...environment(all.find(({ available, auto }) => available && auto)?.name ?? 'none'),
    onnxruntime: onnxruntime(),
    processor: `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} threads`,
    training: await trainingInfo(),
    backends: all,
    saliency: saliencyMethods,
    methods: mixMethodNames.map((name) => ({ name, summary: mixMethods[name].summary })),
    schemes: schemeNames,
    operations: imageOperationNames.map((name) => ({ name, summary: aboutOperation(name).summary })),
    policies: policies.map(({ name, summary }) => ({ name, summary })),
    labelRules,
    models: modelNames.map((name) => ({ name, summary: models[name].summary })),
    data: formats.map(({ name, summary }) => ({ name, summary })),
  };
}

export function aboutBackend(backend: Omit<Backend, 'name'>): string {
  const { available, reason, level, levels, description, auto, lacks } = backend;
  if (!available) return `not available: ${reason}`;
  const parts = [`${description}: level ${level}, of ${levels.join(', ')}`];
  if (!auto) parts.push(`not chosen by 'auto': ${UNTESTED}`);
  if (lacks.length > 0) parts.push(`lacks ${lacks.join(', ')}`);
  return parts.join('; ');
}

function aboutTraining({ engine, reason, ort, level, providers }: TrainingInfo): string {
  if (engine === 'none') return `not available: ${reason}`;
  const on = providers.filter(({ available }) => available).map(({ name }) => name);
  const why = reason === undefined ? '' : `; not the native one: ${reason}`;
  const code = level === undefined ? '' : ` (${level})`;
  const notes = providers
    .filter((one) => one.reason !== undefined)
    .map((one) => `; ${one.name}: ${one.reason}`);
  return `engine ${engine}${code}, ONNX Runtime ${ort} on ${on.join(', ')}${why}${notes.join('')}`;
}

/** What a list shows of an entry besides its name. */
function about(entry: string | { name: string; summary: string } | Backend): string {
  if (typeof entry === 'string') return '';
  return 'summary' in entry ? entry.summary : aboutBackend(entry);
}

function print(info: Awaited<ReturnType<typeof collect>>): void {
  for (const [key, value] of Object.entries({ ...info, training: aboutTraining(info.training) })) {
    if (!Array.isArray(value)) {
      console.log(`${key.padEnd(12)} ${String(value)}`);
      continue;
    }
    console.log(key);
    for (const entry of value as Parameters<typeof about>[0][]) {
      const name = typeof entry === 'string' ? entry : entry.name;
      console.log(`  ${name.padEnd(26)} ${about(entry)}`.trimEnd());
    }
  }
}

interface InfoOptions extends Record<string, unknown> {
  model?: string;
  classes: number;
}

function aboutWhat(path: string | undefined, parsed: InfoOptions) {
  if (path !== undefined) return describeDataset(dataOf(path, parsed));
  if (parsed.model !== undefined) return describeNetwork(parsed.model, parsed.classes, parsed);
  return collect();
}

export function addInfo(program: Command): void {
  const command = program
    .command('info')
    .description(
      'what this installation can do; of a data set, what would be read of it; of a network, what it is made of',
    )
    .argument('[data]', 'folder of images, .tar, files of CIFAR, or "demo"')
    .option('--json', 'as JSON');
  addDataOptions(command, 'which of train, val, test, where the data has them (default train)');
  command.optionsGroup('Networks:');
  command
    .option('--model <name>', 'a network, of which the following are options')
    .option('--classes <number>', 'length of its logits', toNumber, 10);
  addOptions(command, learningOptions, modelOptionNames).action(
    (path: string | undefined, parsed: InfoOptions) =>
      runCommand(async () => {
        const info = await aboutWhat(path, parsed);
        if (parsed.json) console.log(JSON.stringify(info, null, 2));
        else if ('sizes' in info) printDescription(info);
        else if ('stages' in info) printNetwork(info);
        else print(info);
      }),
  );
}
