// Writes the tables and curves of docs/EXPERIMENTS.md from the results that are kept in benchmarks/experiments.
// node scripts/docs/experiments.mjs [--check]   --check: change nothing, fail where something is out of date
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { curvesSvg } from './curves.mjs';
import { fill, put } from './places.mjs';

const require = createRequire(import.meta.url);
const { gatherResults, summariesOf } = require('../../dist/experiments/experiment-run.js');
const { experimentNames } = require('../../dist/experiments/index.js');
const { experimentMarkdown, headingOf } = require('../../dist/report/experiment.js');

const RESULTS = 'benchmarks/experiments';
const PAGE = 'docs/EXPERIMENTS.md';
const PICTURES = 'experiments'; // beside the page

const how = { check: process.argv.includes('--check') };
const fail = (message) => {
  throw new Error(message);
};

/** Draws the curves of a table beside the page, and gives the line that shows them. */
function picture({ name }, table) {
  const file = `${PICTURES}/${name}-${table.model}-${table.column}.svg`;
  const title = headingOf(table);
  put(`docs/${file}`, curvesSvg(table, title), how);
  return `![Test error after each epoch: ${title}](${file})`;
}

function section(summary) {
  return [experimentMarkdown(summary), ...summary.tables.map((table) => picture(summary, table))].join(
    '\n\n',
  );
}

if (!how.check) mkdirSync(`docs/${PICTURES}`, { recursive: true });
const summaries = summariesOf(await gatherResults(RESULTS, fail), fail);
const shown = experimentNames.filter((name) => readFileSync(PAGE, 'utf8').includes(`<!-- ${name} -->`));
const parts = shown.map((name) => {
  const own = summaries.filter((summary) => summary.name === name);
  return [name, own.length > 0 ? own.map(section).join('\n\n') : 'No results are kept yet.'];
});
fill(PAGE, Object.fromEntries(parts), how);
