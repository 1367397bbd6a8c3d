// One picture of a run: how many times as fast as its rival each job is, on a logarithmic scale, as SVG.
import { digits, rivalsOf, rowsOf } from './figures.mjs';

const WIDTH = 900;
const LEFT = 330; // of the bars; labels stand before it
const RIGHT = 70; // for the number after the longest bar
const ROW = 24;
const BAR = 12;
const TOP = 64;

// Both colour schemes of the page it is shown on; the bars are the same in both.
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 16px; font-weight: 600 }
  .faint { fill: #656d76; font-size: 12px }
  .grid { stroke: #d1d9e0; stroke-width: 1 }
  .even { stroke: #656d76; stroke-width: 1 }
  .bar { fill: #0969da }
  .spread { stroke: #1f2328; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .faint { fill: #9198a1 } .grid { stroke: #3d444d } .even { stroke: #9198a1 }
    .bar { fill: #4493f8 } .spread { stroke: #e6edf3 }
  }`;

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** Our best on one thread against the job's first rival that ran; jobs that have only our own to beat are not drawn. */
function barOf(task, job) {
  const [rival] = rivalsOf(job);
  const rows = rowsOf(job, task.bandwidth).filter(({ own, commit }) => own && !commit);
  const single = rows.find(({ threads }) => threads === 1) ?? rows.at(-1);
  const foreign = job.contenders.some(({ name, own }) => name === rival && !own);
  const ratio = foreign && single?.ratios[rival];
  return ratio && { label: `${task.name}: ${job.id.replace(/ (\d+)$/, ' $1²')}`, rival, ratio };
}

/** Powers of ten around all values, with 1 among them. */
function axis(bars) {
  const low = Math.min(1, ...bars.map(({ ratio }) => ratio.low));
  const high = Math.max(10, ...bars.map(({ ratio }) => ratio.high));
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  const scale = (value) => LEFT + ((Math.log10(value) - first) / (last - first)) * (WIDTH - LEFT - RIGHT);
  return { scale, ticks: Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i)) };
}

function drawBar({ label, rival, ratio }, row, { scale }) {
  const y = TOP + row * ROW;
  const middle = y + ROW / 2;
  const from = Math.min(scale(1), scale(ratio.median));
  const width = Math.max(1, Math.abs(scale(ratio.median) - scale(1)));
  return [
    `<text x="${LEFT - 10}" y="${middle + 4}" text-anchor="end">${escape(label)} <tspan class="faint">/ ${escape(rival)}</tspan></text>`,
    `<rect class="bar" x="${from.toFixed(1)}" y="${middle - BAR / 2}" width="${width.toFixed(1)}" height="${BAR}" rx="2"/>`,
    `<line class="spread" x1="${scale(ratio.low).toFixed(1)}" x2="${scale(ratio.high).toFixed(1)}" y1="${middle}" y2="${middle}"/>`,
    `<text x="${(Math.max(from + width, scale(ratio.high)) + 8).toFixed(1)}" y="${middle + 4}">${digits(ratio.median)} ×</text>`,
  ].join('\n');
}

export function drawChart({ tasks, environment }) {
  const bars = tasks.flatMap((task) => task.jobs.map((job) => barOf(task, job)).filter(Boolean));
  const { scale, ticks } = axis(bars);
  const bottom = TOP + bars.length * ROW;
  const grid = ticks.map((tick) => {
    const x = scale(tick).toFixed(1);
    return `<line class="${tick === 1 ? 'even' : 'grid'}" x1="${x}" x2="${x}" y1="${TOP - 4}" y2="${bottom}"/>
<text class="faint" x="${x}" y="${bottom + 18}" text-anchor="middle">${tick} ×</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 34}" role="img" aria-label="How many times as fast as its rival">
<style>${STYLE}
</style>
<text class="title" x="16" y="26">How many times as fast as its rival</text>
<text class="faint" x="16" y="46">median and quartiles of paired rounds, one thread where the job can be held to one; ${escape(environment.processor)}, level ${escape(environment.levels[0])}</text>
${grid.join('\n')}
${bars.map((bar, row) => drawBar(bar, row, { scale })).join('\n')}
</svg>
`;
}
