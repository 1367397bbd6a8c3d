// Writes the tables and curves of docs/EXPERIMENTS.md from the results that are kept in benchmarks/experiments.
// node scripts/docs/experiments.mjs [--check]   --check: change nothing, fail where something is out of date
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { curvesSvg } from './curves.mjs';
import { fill, put } from './places.mjs';

const require = createRequire(import.meta.url);
const { gatherResults, summariesOf } = require('../../dist/experiments/experiment-run.js');
const { cellsOf } = require('../../dist/experiments/cells.js');
const { withRecipe } = require('../../dist/experiments/experiment.js');
const { experimentNames, experiments } = require('../../dist/experiments/index.js');
const { experimentMarkdown, headingOf } = require('../../dist/report/experiment.js');
const { figuresMarkdown } = require('../../dist/report/figures-table.js');
const { labelMarkdown } = require('../../dist/report/label-table.js');
const { timesMarkdown } = require('../../dist/report/times.js');

const RESULTS = 'benchmarks/experiments';
const PAGE = 'docs/EXPERIMENTS.md';
const PICTURES = 'experiments'; // beside the page
const NONE = '*No results are kept yet.*';

const how = { check: process.argv.includes('--check') };
const fail = (message) => {
  throw new Error(message);
};

const command = (words) => `\`\`\`sh\nnpx saliencymix experiment run ${words}\n\`\`\``;

/** What repeats the runs of a summary. */
function repeating({ name, scale, recipe }) {
  const other = recipe === 'cifar' ? '' : ` --recipe ${recipe}`;
  const data = recipe.startsWith('tiny-imagenet') ? 'tiny-imagenet-20.tar' : 'cifar10.tar';
  return command(`${name}${other} --data ${data} --scale ${scale} --out experiments`);
}

/** Draws the curves of a table beside the page, and gives the line that shows them. */
function picture({ name, recipe }, table) {
  const file = `${PICTURES}/${[name, recipe, table.model, table.column].join('-')}.svg`;
  const title = headingOf(table);
  put(`docs/${file}`, curvesSvg(table, title), how);
  return `![Test error after each epoch: ${title}](${file})`;
}

/** The cells of a summary's experiment that have a result, and all of them. */
function progressOf({ name, scale, recipe }) {
  const all = cellsOf(withRecipe(experiments[name], recipe), { scale, data: { path: '' } });
  const keyOf = ({ model, row, column, seed }) => [model, row, column, seed].join(' ');
  const own = results.filter((one) => one.scale === scale && (one.recipe ?? 'cifar') === recipe);
  const done = new Set(own.map(keyOf));
  return { all: all.length, done: all.filter((cell) => done.has(keyOf(cell))).length };
}

function section(summary) {
  const { all, done } = progressOf(summary);
  const left = done < all ? [`Of ${all} runs ${done} are done; the others are to follow.`] : [];
  const pictures = summary.tables.map((table) => picture(summary, table));
  return [experimentMarkdown(summary), ...left, ...pictures, repeating(summary)].join('\n\n');
}

/** What else is kept: as the experiment has written it. */
function kept(file, text) {
  const path = `${RESULTS}/${file}`;
  return existsSync(path) ? text(JSON.parse(readFileSync(path, 'utf8'))) : NONE;
}

/** Of the label figures those by area, and for SaliencyMix by the paper's saliency. */
const byArea = ({ labelRule, saliency }) => labelRule === 'area' && [null, 'fine-grained'].includes(saliency);

if (!how.check) mkdirSync(`docs/${PICTURES}`, { recursive: true });
const results = existsSync(`${RESULTS}/cells`) ? await gatherResults(`${RESULTS}/cells`, fail) : [];
const summaries = summariesOf(results, fail);
const parts = Object.fromEntries(experimentNames.map((name) => [name, NONE]));
for (const name of experimentNames) {
  const own = summaries.filter((summary) => summary.name === name);
  if (own.length > 0) parts[name] = own.map(section).join('\n\n');
}
parts.table4 = kept('table4.json', ({ tables }) => tables.map(figuresMarkdown).join('\n\n'));
parts.figure4 = kept('figure4.json', ({ text }) => `\`\`\`\n${text}\n\`\`\``);
parts.table5 = kept('table5.json', ({ reports }) => timesMarkdown(reports));
parts.labels = kept('labels.json', ({ rows, published }) =>
  labelMarkdown([...rows.filter(byArea), published]),
);

/** Headings of reports, one level below those of the page. */
const below = (text) => text.replaceAll(/^(#+) /gm, '$1# ');

const page = readFileSync(PAGE, 'utf8');
const wanted = Object.entries(parts)
  .filter(([name]) => page.includes(`<!-- ${name} -->`))
  .map(([name, text]) => [name, below(text)]);
fill(PAGE, Object.fromEntries(wanted), how);
