// Writes the tables and examples of the README and of docs/ from the code and from kept results, so that they cannot drift.
// node scripts/docs/tables.mjs [--check]   --check: change nothing, fail where a page is out of date
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
const { openOptions } = require('../../dist/data/datasets/format.js');
const { batchOptions } = require('../../dist/data/batches.js');
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

const optionTable = (options) => table(['option', 'values', 'default', ''], optionRows(options));
const explained = (options) => Object.fromEntries(Object.entries(options).filter(([, { about }]) => about));
const summaries = (head, of) =>
  table(
    [head, ''],
    of.map(({ name, summary }) => [`\`${name}\``, summary]),
  );
const referenced = (head, of) =>
  table(
    [head, '', 'source'],
    of.map(({ name, summary, reference }) => [`\`${name}\``, summary, reference]),
  );
const named = (registry) => Object.entries(registry).map(([name, one]) => ({ ...one, name }));
const example = (file) => `\`\`\`js\n${readFileSync(`examples/${file}`, 'utf8')}\`\`\``;

const measured = newestOfProcessors();
const speed = speedTable(measured);
const machines = measured.map(machineLine).join('; ');
const trained = readResults(newestResults(PAGES.training));
const training = trainingTable(trained);
const card = newestGpuResults();
const trainedOnCard = newestTraining(card.environment.device);
const onCard = cardTable(card, trainedOnCard);
const measuredTable = ({ head, rows }, line) => `${table(head, rows)}\n\n(${line})`;

/** Of all jobs those that the README shows. */
const first = speed.rows.filter(([job]) =>
  /^(saliency: fine|mix: (saliency|cut)mix|pipeline: \d+ images from JPEG)/.test(job),
);

/** Of the figures on labels those of the paper's scheme; labels by saliency for the first method alone. */
const labels = JSON.parse(readFileSync('docs/labels.json', 'utf8')).filter(
  ({ scheme, saliency, labelRule }) =>
    [null, 'salient-to-corresponding'].includes(scheme) &&
    (labelRule === 'area' || [null, 'fine-grained'].includes(saliency)),
);

const pages = {
  'README.md': {
    formats: summaries('data', formats),
    example: example('training-loop.mjs'),
    methods: referenced('method', Object.values(mixMethods)),
    speed: measuredTable({ ...speed, rows: first }, machines),
  },
  'docs/DATA.md': {
    formats: summaries('data', formats),
    limits: table(
      ['option', 'values', 'default', ''],
      optionRows(limitOptions).map(([name, ...cells]) => [
        `${name}, \`${FLAGS[name.slice(1, -1)]}\``,
        ...cells,
      ]),
    ),
    writers: summaries('`--format`', Object.values(writers)),
    open: optionTable(explained(openOptions)),
    batches: optionTable(explained(batchOptions)),
  },
  'docs/MIXING.md': {
    methods: referenced('method', Object.values(mixMethods)),
    options: optionTable(mixerOptions),
    example: example('label-maps.mjs'),
  },
  'docs/LABELS.md': { labels: labelMarkdown(labels) },
  'docs/AUGMENTATION.md': {
    operations: table(
      ['operation', '', 'magnitude'],
      named(imageOperations).map(({ name, summary, unit = '' }) => [`\`${name}\``, summary, unit]),
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
  },
  'docs/TRAINING.md': {
    models: referenced('model', named(models)),
    training: example('train.mjs'),
    'own-model': example('own-model.mjs'),
    options: optionTable(learningOptions),
  },
  'docs/EVALUATION.md': {
    measures: referenced('measure', named(measures)),
    options: optionTable(measureOptions),
  },
  'docs/EXPERIMENTS.md': {
    experiments: summaries(
      'experiment',
      experimentList.map(([name, summary]) => ({ name, summary })),
    ),
  },
  'docs/DEVICES.md': { example: example('device.mjs') },
  'docs/SPEED.md': {
    speed: measuredTable(speed, machines),
    training: measuredTable(training, machineLine(trained)),
    card: measuredTable(onCard, cardLine(card, trainedOnCard)),
  },
};

for (const [page, parts] of Object.entries(pages))
  fill(page, parts, { check: process.argv.includes('--check') });
