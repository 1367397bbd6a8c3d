// Writes the README's tables and its example from the code, so that they cannot drift.
// node scripts/docs/readme.mjs [--check]   --check: change nothing, fail where README.md is out of date
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { newestOfProcessors, newestResults, readResults } from '../../benchmarks/lib/report.mjs';
import { machineLine, speedTable, trainingTable } from '../../benchmarks/lib/readme.mjs';
import { cardLine, cardTable } from '../../benchmarks/gpu/lib/readme.mjs';
import { newestGpuResults } from '../../benchmarks/gpu/lib/report.mjs';
import { newestTraining } from '../../benchmarks/gpu/training/results.mjs';
import { PAGES } from '../../benchmarks/lib/pages.mjs';
import { fill } from './places.mjs';

const require = createRequire(import.meta.url);
const { mixerOptions } = require('../../dist/mix/options.js');
const { mixMethods } = require('../../dist/mix/index.js');
const { imageOperations } = require('../../dist/operations/table.js');
const { policies, policyOptions } = require('../../dist/operations/policies/index.js');
const { writers } = require('../../dist/augment/writers/index.js');
const { learningOptions } = require('../../dist/train/train-options.js');
const { measures, measureOptions } = require('../../dist/train/robustness/index.js');
const { experimentList } = require('../../dist/experiments/index.js');
const { models } = require('../../dist/models/index.js');
const { limitOptions, FLAGS } = require('../../dist/data/limits.js');
const { formats } = require('../../dist/data/datasets/index.js');
const { labelMarkdown } = require('../../dist/report/label-table.js');

const row = (...cells) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
const table = (head, rows) =>
  [row(...head), row(...head.map(() => '---')), ...rows.map((cells) => row(...cells))].join('\n');

const optionRows = (options) =>
  Object.entries(options).map(([name, { values, about, default: standard }]) => [
    `\`${name}\``,
    values,
    standard === undefined ? '' : `\`${standard}\``,
    about,
  ]);

const measured = newestOfProcessors();
const speed = speedTable(measured);
const trained = readResults(newestResults(PAGES.training));
const training = trainingTable(trained);

const card = newestGpuResults();
const trainedOnCard = newestTraining(card.environment.device);
const onCard = cardTable(card, trainedOnCard);

/** Of the figures on labels those of the paper's scheme; labels by saliency for the first method alone. */
const labels = JSON.parse(readFileSync('docs/labels.json', 'utf8')).filter(
  ({ scheme, saliency, labelRule }) =>
    [null, 'salient-to-corresponding'].includes(scheme) &&
    (labelRule === 'area' || [null, 'fine-grained'].includes(saliency)),
);

const parts = {
  speed: `${table(speed.head, speed.rows)}\n\n(${measured.map(machineLine).join('; ')})`,
  'training-speed': `${table(training.head, training.rows)}\n\n(${machineLine(trained)})`,
  card: `${table(onCard.head, onCard.rows)}\n\n(${cardLine(card, trainedOnCard)})`,
  operations: table(
    ['operation', '', 'magnitude'],
    Object.entries(imageOperations).map(([name, { summary, unit = '' }]) => [`\`${name}\``, summary, unit]),
  ),
  policies: table(
    ['policy', 'values', '', 'source'],
    policies.map(({ name, summary, reference }) => [
      `\`${name}\``,
      policyOptions[name].values,
      summary,
      reference,
    ]),
  ),
  options: table(['option', 'values', 'default', ''], optionRows(mixerOptions)),
  learning: table(['option', 'values', 'default', ''], optionRows(learningOptions)),
  measures: table(
    ['measure', '', 'source'],
    Object.entries(measures).map(([name, { summary, reference }]) => [`\`${name}\``, summary, reference]),
  ),
  robustness: table(['option', 'values', 'default', ''], optionRows(measureOptions)),
  experiments: table(
    ['experiment', ''],
    experimentList.map(([name, summary]) => [`\`${name}\``, summary]),
  ),
  models: table(
    ['model', '', 'source'],
    Object.entries(models).map(([name, { summary, reference }]) => [`\`${name}\``, summary, reference]),
  ),
  methods: table(
    ['method', '', 'source'],
    Object.values(mixMethods).map(({ name, summary, reference }) => [`\`${name}\``, summary, reference]),
  ),
  formats: table(
    ['data', ''],
    formats.map(({ name, summary }) => [`\`${name}\``, summary]),
  ),
  limits: table(
    ['option', 'values', 'default', ''],
    optionRows(limitOptions).map(([name, ...cells]) => [
      `${name}, \`${FLAGS[name.slice(1, -1)]}\``,
      ...cells,
    ]),
  ),
  writers: table(
    ['`--format`', ''],
    Object.values(writers).map(({ name, summary }) => [`\`${name}\``, summary]),
  ),
  labels: labelMarkdown(labels),
  training: `\`\`\`js\n${readFileSync('examples/train.mjs', 'utf8')}\`\`\``,
  'own-model': `\`\`\`js\n${readFileSync('examples/own-model.mjs', 'utf8')}\`\`\``,
  device: `\`\`\`js\n${readFileSync('examples/device.mjs', 'utf8')}\`\`\``,
  example: `\`\`\`js\n${readFileSync('examples/training-loop.mjs', 'utf8')}\`\`\``,
};

fill('README.md', parts, { check: process.argv.includes('--check') });
