// npm run bench:gpu-training   training steps on this machine's graphics card, beside PyTorch's on the same card.
//
// Every contender has a process of its own, begins with the same weights and sees the same batches; the losses of its first
// steps are compared with the processor's before it is timed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { digits } from '../../lib/figures.mjs';
import { fromUser, UsageError } from '../../lib/options.mjs';
import * as task from '../../tasks/training/task.mjs';
import { median } from '../lib/bars.mjs';
import { runLines } from '../lib/build.mjs';
import { findPython } from '../lib/rivals.mjs';
import { cardOf, writeTraining } from './results.mjs';

const root = resolve(fileURLToPath(new URL('../../..', import.meta.url)));
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

const USAGE = `npm run bench:gpu-training -- [options]

  --by <words>     contenders whose names have one of these words, comma between: webgpu,pytorch,cuda (default webgpu,pytorch)
  --steps <n>      steps that are timed (default 30)
  --host           a dry run without a card: small networks, whose times mean nothing
  --out <file>     where the measurements go, instead of benchmarks/results
  --commit <hash>  for the record, where there is no git`;

const OPTIONS = {
  by: { type: 'string', default: 'webgpu,pytorch' },
  steps: { type: 'string', default: '30' },
  host: { type: 'boolean', default: false },
  out: { type: 'string' },
  commit: { type: 'string' },
  help: { type: 'boolean', default: false },
};

function readOptions() {
  try {
    const { values } = parseArgs({ options: OPTIONS });
    if (!/^[1-9]\d*$/.test(values.steps))
      throw new Error(`--steps must be at least 1, not "${String(values.steps)}"`);
    return { ...values, out: fromUser(values.out), by: values.by.toLowerCase().split(',') };
  } catch (error) {
    throw new UsageError(`${error.message}\n\n${USAGE}`, { cause: error });
  }
}

const OURS = [
  { name: 'saliencymix, webgpu', way: 'webgpu' },
  { name: 'saliencymix, cuda, fp32', way: 'cuda', precision: 'fp32' },
  { name: 'saliencymix, cuda, TF32', way: 'cuda', precision: 'tf32' },
  { name: 'saliencymix, cuda, fp32, from pixels', way: 'cuda', precision: 'fp32', from: 'pixels' },
];
const PYTORCH = ['fp32', 'TF32'].flatMap((precision) =>
  ['NCHW', 'channels_last'].map((layout) => ({
    name: `PyTorch, ${precision}, ${layout}`,
    words: [precision, layout],
  })),
);

/** Names of the training task's jobs. */
const JOBS = { card: ['ResNet-20 128', 'ResNet-18 128', 'ResNet-50 16'], host: ['small WRN'] };

/** TF32 keeps ten bits of a factor. */
const isRounded = (name) => name.includes('TF32');

function checkLosses(job, name, losses, reference) {
  if (!isRounded(name)) return task.check(job, { facts: { losses } }, { facts: { losses: reference } });
  const miss = Math.max(...losses.map((loss, i) => Math.abs(loss / reference[i] - 1)));
  if (!(miss < 0.02)) throw new Error(`losses ${losses.join(', ')}, not ${reference.join(', ')}`);
  return `losses within ${miss.toPrecision(2)} of them`;
}

/** Runs one contender; a line of its times, or why it is left out. */
async function contend({ name, command, words, environment }, job, reference) {
  let line;
  const { status, stderr } = await runLines(command, words, (found) => (line = found), environment);
  const said = stderr.split('\n').findLast((text) => text.trim() !== '') ?? '';
  if (status !== 0 || !line)
    return { kind: 'left', name: `${name}, ${job.label}`, why: said || `status ${status}` };
  try {
    const checked = reference ? checkLosses(job, name, line.losses, reference) : 'the reference';
    return { kind: 'training', job: job.id, label: job.label, images: job.images, name, checked, ...line };
  } catch (error) {
    return { kind: 'wrong', name: `${name}, ${job.label}`, why: error.message };
  }
}

function contenders({ by, host, steps }, file) {
  const node = ({ name, way, precision, from }) => ({
    name,
    command: process.execPath,
    words: [here('ours.mjs'), file, way, steps, precision, from].filter(Boolean),
  });
  const python = findPython();
  const torch = ({ name, words }) => ({
    name,
    command: python ?? 'python3',
    words: [here('pytorch.py'), file, host ? 'cpu' : 'cuda', steps, ...words],
    environment: { PYTHONPATH: here('../../lib'), PYTHONDONTWRITEBYTECODE: '1' },
  });
  const all = [...OURS.map(node), ...PYTORCH.map(torch)];
  return {
    reference: node({ name: 'saliencymix, cpu', way: 'cpu' }),
    others: all.filter(({ name }) => by.some((word) => name.toLowerCase().includes(word))),
  };
}

async function measure(options, folder) {
  const lines = [];
  const take = (line) => {
    lines.push(line);
    const shown = line.ms ? `${digits(median(line.ms))} ms, ${line.checked}` : `${line.kind}: ${line.why}`;
    console.log(`${line.name.padEnd(40)} ${line.label ?? ''}  ${shown}`);
    return line;
  };
  const only = options.host ? JOBS.host : JOBS.card;
  for (const job of await task.jobs({ root, folder, quick: options.host, only })) {
    const file = join(folder, 'job.json');
    writeFileSync(file, JSON.stringify(job));
    const { reference, others } = contenders(options, file);
    const { losses } = take(await contend(reference, job));
    if (!losses) throw new Error('the reference on the processor failed');
    for (const one of others) take(await contend(one, job, losses));
  }
  return lines;
}

try {
  const options = readOptions();
  if (options.help) console.log(USAGE);
  else {
    const folder = mkdtempSync(join(tmpdir(), 'saliencymix-training-'));
    try {
      const lines = await measure(options, folder);
      const { host, out, commit } = options;
      const kept = writeTraining({ dryRun: host, environment: cardOf(root, { host, commit }), lines }, out);
      console.log(`measurements: ${kept}`);
      const isOfCard = ({ kind, name }) => kind === 'training' && /webgpu|cuda/.test(name);
      if (lines.some(({ kind }) => kind === 'wrong')) process.exitCode = 1;
      if (!host && !lines.some(isOfCard)) throw new Error('nothing was trained on the card');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
} catch (error) {
  console.error(error instanceof UsageError ? error.message : error);
  process.exitCode = 1;
}
