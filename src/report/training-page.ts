/**
 * The parts of a training run's page that do not depend on the run: the chart library, the page's script, and
 * styles.
 */
import { readFileSync } from 'node:fs';
import { html, Markup } from './html';

const STYLE = `
:root { color-scheme: light dark; --ground: #fff; --ink: #1c1e21; --faint: #62686f; --line: #e3e5e8; --raised: #f6f7f8;
  --blue: #0072b2; --blue-faint: #0072b259; --orange: #c75000; --green: #00805d; --bad: #b3261e;
  --purple: #8a3f9c; --red: #d43d51; --cyan: #0095a8; --brown: #8a5a2b; }
@media (prefers-color-scheme: dark) { :root { --ground: #15171a; --ink: #e4e6e9; --faint: #9aa1a9; --line: #2e3238;
  --raised: #1d2024; --blue: #56b4e9; --blue-faint: #56b4e959; --orange: #f0a13a; --green: #3ecfa3; --bad: #ff8a80;
  --purple: #cf9be0; --red: #ff8796; --cyan: #4fd3e4; --brown: #cfa06e; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 70rem; padding: 2rem 1.5rem 4rem; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; font-weight: 600; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; font-weight: 600; margin: 2.5rem 0 .75rem; }
.about { color: var(--faint); margin: .35rem 0 0; }
.status { color: var(--ink); font-weight: 600; }
.status.failed, .alarm { color: var(--bad); }
.figures { display: grid; grid-template-columns: repeat(4, 1fr); gap: 1px; margin: 1.5rem 0 0;
  background: var(--line); border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
.figures.of-6 { grid-template-columns: repeat(3, 1fr); }
.figures div { background: var(--ground); padding: .7rem .9rem; }
.figures dt, .figures .more { color: var(--faint); font-size: .8rem; }
.figures dd { margin: 0; }
.figures .value { font-size: 1.35rem; font-weight: 600; line-height: 1.35; font-variant-numeric: tabular-nums; white-space: nowrap; }
.charts { display: grid; grid-template-columns: 1fr 1fr; gap: 2rem 1.5rem; margin-top: 2rem; }
figure { margin: 0; min-width: 0; }
figure.whole { grid-column: 1 / -1; }
figcaption { font-weight: 600; margin-bottom: .35rem; }
.chart { min-height: 15rem; }
.none, .note { color: var(--faint); font-size: .85rem; }
img { max-width: 100%; height: auto; border: 1px solid var(--line); border-radius: 8px; background: #fff; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .85rem; }
th { font-weight: 500; text-align: left; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0 2rem; align-items: start; }
.pair section { min-width: 0; }
.settings { width: 100%; table-layout: fixed; }
.settings th, .settings td { padding: .3rem .5rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
.settings th { color: var(--faint); font-weight: 400; width: 45%; }
details { margin-top: 1.5rem; }
summary { cursor: pointer; color: var(--faint); }
.scroll { overflow: auto; max-height: 26rem; margin-top: .75rem; }
.beside { display: flex; flex-wrap: wrap; gap: 1rem 3rem; align-items: flex-start; }
.beside > * { min-width: 0; max-width: 100%; }
.scroll.tall { max-height: none; }
.numbers th, .numbers td { padding: .25rem .9rem .25rem 0; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
.numbers thead th { position: sticky; top: 0; background: var(--ground); color: var(--faint); }
.numbers th[scope=row], .numbers tr > :first-child, .numbers .words { text-align: left; }
.numbers th[scope=row], .numbers .words { max-width: 22rem; overflow: hidden; text-overflow: ellipsis; }
.heat { border-spacing: 1px; border-collapse: separate; font-size: .75rem; }
.heat td { background: color-mix(in srgb, var(--orange) var(--share, 0%), var(--raised)); text-align: center; padding: 0; }
.heat td.right { background: color-mix(in srgb, var(--blue) calc(var(--share) * .7), var(--raised)); }
.heat thead td { background: none; }
.heat th[scope=row] { text-align: right; padding-right: .5rem; max-width: 12rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.heat th[scope=col] { vertical-align: bottom; padding: 0 0 .3rem; }
.heat th[scope=col] span { display: block; margin: 0 auto; writing-mode: vertical-rl; transform: rotate(180deg);
  max-height: 9rem; overflow: hidden; white-space: nowrap; line-height: 1.2; }
.heat.roomy td { min-width: 2.4rem; height: 1.9rem; }
.heat.dense { font-size: .5rem; border-spacing: 0; }
.heat.dense td { min-width: .5rem; height: .5rem; }
.heat.dense th, .heat.dense th span { line-height: 1; }
.uplot, .u-legend { font-family: inherit; color: var(--ink); }
.u-legend { font-size: .8rem; text-align: left; margin: .15rem 0 0; font-variant-numeric: tabular-nums; }
.u-legend th { font-weight: 400; color: var(--faint); }
.u-inline tr { margin-right: .75rem; }
.u-series > * { padding: 2px; }
.u-value { min-width: 3.5rem; }
.u-legend .u-marker { width: 1.1em; height: 0; border-width: 1px !important; }
.u-cursor-x, .u-cursor-y { border-color: var(--faint) !important; }
@media (max-width: 46rem) { .charts, .pair { grid-template-columns: 1fr; } body { padding: 1.25rem 1rem 3rem; }
  .figures, .figures.of-6 { grid-template-columns: 1fr 1fr; } }
`;

/**
 * Draws the charts. It draws them again when the browser changes between light and dark: a canvas cannot use
 * CSS variables.
 */
const SCRIPT = `
(() => {
  const { charts } = JSON.parse(document.getElementById('run').textContent);
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
  const whole = (v) => v.toLocaleString('en-US');
  const number = (v) => v !== 0 && (Math.abs(v) >= 1e6 || Math.abs(v) < 1e-4) ? (+v.toPrecision(4)).toExponential()
    : v.toLocaleString('en-US', { maximumSignificantDigits: 6 });
  const shown = (chart, v) => v == null ? '–' : chart.y === 'percent' ? v.toFixed(2) + ' %' : number(+v.toPrecision(4));
  const tick = (chart, v) => v == null ? '' : chart.y === 'percent' ? number(v) + ' %' : number(v);
  const percents = (u, least, most) => [0, most ? Math.min(100, most * 1.05) : 1];
  const axis = (more) => ({ stroke: colour('faint'), font: '12px system-ui, sans-serif', ticks: { show: false },
    grid: { stroke: colour('line'), width: 1 }, ...more });
  const power = (u, vs) => vs.map((v) => Math.abs(Math.log10(v) % 1) < 1e-9 ? v : null);
  const powers = () => ({ filter: power, grid: { stroke: colour('line'), width: 1, filter: power } });
  const series = (chart) => chart.series.map((s) => ({ label: s.label, stroke: colour(s.colour), width: s.thin ? 1 : 2,
    dash: s.dashed ? [7, 4] : undefined, points: { fill: colour('ground') }, value: (u, v) => shown(chart, v) }));
  // The last value of all, when the pointer is elsewhere.
  const last = (u) => { if (u.cursor.idx == null) u.setLegend({ idx: u.data[0].length - 1 }); };
  const size = (place) => ({ width: place.clientWidth, height: 240 });
  function draw(chart, place) {
    const y = chart.y === 'logarithm' ? { distr: 3 } : chart.y === 'percent' ? { range: chart.range ? () => chart.range : percents } : {};
    return new uPlot({
      ...size(place),
      scales: { x: { time: false }, y },
      axes: [
        axis({ size: 30, incrs: chart.x === 'epoch' ? [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] : undefined,
          label: chart.x, labelSize: 18, labelFont: '12px system-ui, sans-serif', labelGap: 0, values: (u, vs) => vs.map((v) => Number.isInteger(v) ? whole(v) : '') }),
        axis({ size: 64, values: (u, vs) => vs.map((v) => tick(chart, v)), ...(chart.y === 'logarithm' && powers()) }),
      ],
      series: [{ label: chart.x, value: (u, v) => v == null ? '–' : whole(v) }, ...series(chart)],
      cursor: { y: false, drag: { x: true, y: false } },
      hooks: { ready: [last], setCursor: [last] },
    }, chart.data, place);
  }
  let plots = [];
  function drawAll() {
    for (const { plot } of plots) plot.destroy();
    plots = charts.map((chart) => ({ chart, place: document.querySelector('[data-chart="' + chart.id + '"]') }))
      .filter(({ place }) => place)
      .map(({ chart, place }) => ({ place, plot: draw(chart, place) }));
  }
  drawAll();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
  addEventListener('resize', () => { for (const { place, plot } of plots) plot.setSize(size(place)); });
})();
`;

/** The chart library with its licence, which must be part of every copy, so of every page. */
function library(): { script: string; style: string } {
  const read = (path: string) => readFileSync(path, 'utf8');
  const licence = read(require.resolve('uplot/LICENSE'));
  return {
    script: `/*!\n${licence}*/\n${read(require.resolve('uplot/dist/uPlot.iife.min.js'))}`,
    style: read(require.resolve('uplot/dist/uPlot.min.css')),
  };
}

/** A complete page. Its Content-Security-Policy does not let it load anything from anywhere. */
export function page(title: string, body: Markup): string {
  const { script, style } = library();
  const rules = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(rules)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Markup(style + STYLE)}</style>
</head>
<body>
${body}
<script>${new Markup(script)}</script>
<script>${new Markup(SCRIPT)}</script>
</body>
</html>
`.text;
}
