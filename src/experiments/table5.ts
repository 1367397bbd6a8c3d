import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { environment, version } from '../run/environment';
import { writeWhole, writing } from '../run/files';
import { mkdir } from 'node:fs/promises';
import { type Middle, type TimesReport, timesMarkdown, timesPage, timesText } from '../report/times';
import { recipes } from '../train/recipes';
import { StepTimer } from '../train/step-times';
import { type Cell, cellsOf } from './cells';
import { type Experiment, recipeOf, withRecipe } from './experiment';
import { type OwnExperiment, type OwnOptions, type OwnResult, partsDone } from './own';
import { cifarProtocols } from './protocols';
import * as rows from './rows';
import { quantile } from './statistics';
import { table1 } from './table1';

const protocols = cifarProtocols(['resnet18'], { paper: { others: 1 }, small: { others: 1 } });

/** What would be trained: of its cells the steps are timed. */
const timed: Experiment = {
  name: 'table5',
  title: 'Table 5: time of training by method',
  summary: 'how long steps and epochs take by method, and mixing and saliency by themselves',
  reference:
    'SaliencyMix, section 4.5 and table 5: hours of ResNet-18 on CIFAR-10 for 200 epochs. For all its experiments it names four RTX 2080 Ti, and not how many of them these took',
  rows: table1.rows,
  columns: [rows.augmented],
  // Times take two batches or more, which a few images of each class may not fill.
  protocols: { ...protocols, tiny: { ...protocols.tiny, perClass: undefined } },
  against: [],
  variants: { 'tiny-imagenet-64': { title: 'Table 5 on Tiny-ImageNet: time of training by method' } },
};

/** Hours. */
const paper: Readonly<Record<string, number>> = {
  none: 0.83,
  cutout: 0.84,
  mixup: 0.87,
  cutmix: 0.89,
  saliencymix: 0.91,
};

export function middleOf(values: readonly number[]): Middle {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: quantile(sorted, 0.5), quartiles: [quantile(sorted, 0.25), quantile(sorted, 0.75)] };
}

/** Seconds, one of each round. */
interface Rounds {
  /** By method, in the order of the cells. */
  steps: number[][];
  mixing: number[][];
  saliency: { all: number[]; one: number[] };
}

/** Rounds of all methods, each begun with another one. The first round compiles what is compiled once, and is not kept. */
async function timeRounds(
  timer: StepTimer,
  methods: number,
  { rounds, steps: count, signal }: OwnOptions,
  onPart: () => void,
): Promise<Rounds> {
  const found: Rounds = {
    steps: Array.from({ length: methods }, () => []),
    mixing: Array.from({ length: methods }, () => []),
    saliency: { all: [], one: [] },
  };
  for (let round = 0; round <= rounds; round++) {
    for (let turn = 0; turn < methods; turn++) {
      signal?.throwIfAborted();
      const method = (round + turn) % methods;
      const step = await timer.step(method, { epoch: round, count: round === 0 ? 1 : count, signal });
      const mixing = await timer.mixing(method, signal);
      onPart();
      if (round === 0) continue;
      found.steps[method].push(step);
      found.mixing[method].push(mixing);
    }
    const [all, one] = [await timer.saliency(), await timer.saliency(1)];
    if (round === 0) continue;
    found.saliency.all.push(all);
    found.saliency.one.push(one);
  }
  return found;
}

function reportOf(
  experiment: Experiment,
  cells: readonly Cell[],
  timer: StepTimer,
  { scale, rounds }: OwnOptions,
  { steps, mixing, saliency }: Rounds,
): TimesReport {
  const { title, reference, rows: all } = experiment;
  const recipe = recipeOf(experiment);
  const { epochs } = recipes[recipe].learning;
  const { size, batch } = timer.settings;
  const { images, threads, arithmetic } = timer;
  return {
    title,
    reference,
    scale,
    recipe,
    model: cells[0].model,
    size,
    batch,
    images,
    epochs,
    rounds,
    threads,
    provider: arithmetic.provider,
    processor: cpus()[0]?.model ?? 'a processor that does not tell its name',
    rows: cells.map(({ row }, i) => {
      const step = middleOf(steps[i]);
      const epoch = step.median * Math.ceil(images / batch);
      return {
        row,
        title: all.find(({ name }) => name === row)?.title ?? row,
        step,
        ratio: middleOf(steps[i].map((own, round) => own / steps[0][round])),
        mixing: middleOf(mixing[i]),
        epoch,
        hours: (epoch * epochs) / 3600,
        paper: recipe === recipeOf(timed) ? paper[row] : undefined,
      };
    }),
    saliency: { all: middleOf(saliency.all), one: middleOf(saliency.one) },
  };
}

/** From so much of a processor that others use, by the system's mean over a minute, times are doubtful. */
const BUSY = 0.5;

function warnOfBusy({ onWarning }: OwnOptions): void {
  const [load] = loadavg();
  if (load > BUSY)
    onWarning(
      `The machine is busy (load ${load.toFixed(1)}): times are true only where nothing else runs on it`,
    );
}

async function run(options: OwnOptions): Promise<OwnResult> {
  const { out, methods, provider, threads } = options;
  const experiment = withRecipe(timed, options.recipe);
  // Ratios are to the baseline, which so takes part.
  const asked = methods && ['none', ...methods.filter((name) => name !== 'none')];
  const all = cellsOf(experiment, { ...options, methods: asked, seeds: 1 });
  await writing(out, () => mkdir(out, { recursive: true }));
  warnOfBusy(options);
  const reports: (TimesReport & { times: Rounds })[] = [];
  let done = 0;
  const onPart = () => partsDone(options, ++done, all.length * (options.rounds + 1));
  for (const model of new Set(all.map((cell) => cell.model))) {
    const cells = all.filter((cell) => cell.model === model);
    const timer = await StepTimer.open(
      cells.map((cell) => ({ ...cell.options, provider, threads, signal: options.signal })),
    );
    try {
      const times = await timeRounds(timer, cells.length, options, onPart);
      reports.push({ ...reportOf(experiment, cells, timer, options, times), times });
    } finally {
      await timer.close();
    }
  }
  const files = ['table5.json', 'table5.md', 'table5.html'].map((name) => join(out, name));
  const [jsonFile, tables, pageFile] = files;
  const found = { version, environment: environment('cpu'), measured: new Date().toISOString(), reports };
  await writeWhole(jsonFile, `${JSON.stringify(found, null, 1)}\n`);
  await writeWhole(tables, `${timesMarkdown(reports)}\n`);
  await writeWhole(pageFile, timesPage(reports));
  return { text: timesText(reports), files, found };
}

export const table5: OwnExperiment = { name: timed.name, summary: timed.summary, run };
