// Measurements of training on a card as JSON, and their section of GPU.md.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commitOf } from '../../lib/environment.mjs';
import { digits } from '../../lib/figures.mjs';
import { GPU_RESULTS, plain, readResults, table } from '../../lib/report.mjs';
import { summary } from '../../lib/statistics.mjs';
import { median } from '../lib/bars.mjs';

const RESULTS = fileURLToPath(new URL('../../results/', import.meta.url));
const PREFIX = `${GPU_RESULTS}training-`;

/** What the numbers depend on. */
export function cardOf(root, { host, commit }) {
  const query = ['--query-gpu=name,driver_version', '--format=csv,noheader'];
  const { stdout } = spawnSync('nvidia-smi', query, { encoding: 'utf8' });
  const [name, driver] = (host ? '' : (stdout ?? '').split('\n')[0]).split(', ');
  const load = createRequire(join(root, 'package.json'));
  return {
    ...(commit ? { commit, modified: false } : commitOf(root)),
    device: name || 'no card',
    versions: {
      ...(driver && { driver }),
      'onnxruntime-node': load('onnxruntime-node/package.json').version,
      node: process.versions.node,
    },
  };
}

/** Beside its place first, so that no half a file is ever read. Gives the path. */
export function writeTraining({ lines, ...about }, wanted) {
  const { device, commit } = about.environment;
  const file = wanted ?? join(RESULTS, `${PREFIX}${plain(device)}-${commit}.json`);
  if (!wanted) mkdirSync(RESULTS, { recursive: true });
  const results = { date: new Date().toISOString(), ...about, lines };
  writeFileSync(`${file}.part`, `${JSON.stringify(results, null, 1)}\n`);
  renameSync(`${file}.part`, file);
  return file;
}

const isRival = ({ name }) => name.startsWith('PyTorch');

/**
 * All that were measured on a device at its newest commit: the providers may have been measured one after the other. PyTorch does
 * not change with our commits: where it was not measured again, its newest figures.
 */
export function newestTraining(device) {
  const all = readdirSync(RESULTS)
    .filter((name) => name.startsWith(PREFIX) && name.endsWith('.json'))
    .map((name) => readResults(join(RESULTS, name)))
    .filter(({ environment }) => environment.device === device)
    .toSorted((a, b) => b.date.localeCompare(a.date));
  const newest = all.filter(({ environment }) => environment.commit === all[0].environment.commit);
  const older = all.find(({ lines }) => lines.some(isRival));
  if (older === undefined || newest.includes(older)) return newest;
  const { date, environment, lines } = older;
  return [...newest, { date, environment, lines: lines.filter(isRival), of: 'PyTorch' }];
}

/** The contenders of each job with their times, and how long PyTorch's default takes beside them. */
export function trainingRows(results) {
  const lines = results.flatMap((one) => one.lines).filter(({ kind }) => kind === 'training');
  return [...new Set(lines.map(({ job }) => job))].map((job) => {
    const rows = lines.filter((line) => line.job === job);
    return { label: rows[0].label, rows, pytorch: rows.find(({ name }) => name === 'PyTorch, fp32, NCHW') };
  });
}

const ABOUT =
  'One step of SGD (Nesterov momentum 0.9, weight decay 5e-4): forward, loss of soft labels, backward, update; the loss comes ' +
  'back to the host. Wall time. From pixels: each batch is uploaded as bytes and mixed by SaliencyMix on the card, beside the step ' +
  'before. All begin with the same weights and see the same batches; the losses of the first steps were ' +
  'compared with the processor’s.';

/** The section of GPU.md; nothing where nothing was measured. */
export function trainingSection(results) {
  if (results.length === 0) return [];
  const parts = trainingRows(results).flatMap(({ label, rows, pytorch }) => {
    const shown = rows.map(({ name, ms, images, checked }) => {
      const { low, median: middle, high } = summary(ms);
      const spread = ms.length > 1 ? ` (${digits(low)}–${digits(high)})` : '';
      const ratio = pytorch ? `${digits(median(pytorch.ms) / middle)} ×` : '';
      return [name, `${digits(middle)}${spread}`, digits((1000 * images) / middle), ratio, checked];
    });
    const head = ['', 'ms a step', 'images/s', 'as fast as PyTorch, fp32, NCHW', 'checked'];
    return [`### ${label}`, table(head, shown)];
  });
  const made = results.map(({ environment: { device, versions, commit }, date, of }) => {
    const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
    return `${of ? `${of}: ` : ''}${device}; ${list.join(', ')}; ${of ? '' : `commit ${commit}, `}${date.slice(0, 10)}.`;
  });
  const left = results.flatMap((one) => one.lines).filter(({ kind }) => kind === 'left' || kind === 'wrong');
  const notes = results.map(({ note }) => note).filter(Boolean);
  return [
    '## Training',
    ABOUT,
    made.join(' '),
    ...notes,
    ...parts,
    ...left.map(({ kind, name, why }) => `${kind === 'wrong' ? 'Wrong' : 'Left out'}: ${name}: ${why}.`),
  ];
}
