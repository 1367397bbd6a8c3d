// Curves of an experiment as SVG.
import { createRequire } from 'node:module';
import { init } from 'echarts';

const { errorRange } = createRequire(import.meta.url)('../../dist/report/experiment.js');

const SIZE = { width: 820, height: 360 };
const LEGEND = 250;
const COLOURS = [
  '#1f2328',
  '#d4620a',
  '#1a7f37',
  '#8250df',
  '#cf222e',
  '#0a8a9f',
  '#8a5a2b',
  '#8c959f',
  '#0969da',
];

/** The mean test error of each row after each epoch, in percent. */
export function curvesSvg(table, title) {
  const { rows } = table;
  const errors = rows.map(({ curve }) => curve.map((error) => Number((100 * error).toFixed(3))));
  const [min, max] = errorRange(table);
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...SIZE });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    color: COLOURS,
    title: { text: title, left: 12, top: 8, textStyle: { fontSize: 14, color: '#1f2328' } },
    legend: {
      orient: 'vertical',
      left: SIZE.width - LEGEND + 16,
      top: 'middle',
      icon: 'rect',
      itemWidth: 18,
      itemHeight: 3,
    },
    grid: { left: 56, right: LEGEND, top: 48, bottom: 44 },
    xAxis: {
      type: 'value',
      min: 1,
      max: Math.max(...errors.map(({ length }) => length)),
      name: 'epoch',
      nameLocation: 'middle',
      nameGap: 26,
    },
    yAxis: {
      type: 'value',
      min,
      max,
      name: 'test error, %',
      nameLocation: 'middle',
      nameGap: 36,
    },
    series: rows.map((row, i) => ({
      type: 'line',
      name: row.title,
      showSymbol: false,
      clip: true,
      lineStyle: { width: 1.6, type: i < COLOURS.length ? 'solid' : 'dashed' },
      data: errors[i].map((error, epoch) => [epoch + 1, error]),
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}
