/**
 * How often mixed labels tell of what is not there: for each method, scheme, saliency and label rule, on data with masks of its
 * objects. "Ghost labels" are those of OA-CutMix (tobna/oa-cutmix, 2026), which counted them for CutMix.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Dataset, openData, requireClasses } from '../../data/dataset';
import { dataOption } from '../../data/datasets';
import { classNumbersOf } from '../../data/load';
import { type ObjectMasks, requireMasks } from '../../data/masks';
import { resolveSize, sizeOption } from '../../data/size';
import type { MixMethodName } from '../../mix/index';
import { kindOf } from '../../mix/kinds';
import type { LabelRule } from '../../mix/label-rule';
import { createMixer, type Mixer } from '../../mix/mixer';
import type { MixPlan } from '../../mix/plan';
import type { Scheme } from '../../mix/schemes';
import { runOptions } from '../../native/backends';
import { callback, namedList, type OptionsOf, parse, type Parsed, required, text, whole } from '../../option';
import { labelMarkdown } from '../../report/label-table';
import { writeError, writeWhole } from '../../run/files';
import { checkSaliencyModel } from '../../saliency/learned';
import type { SaliencyMethod } from '../../saliency/methods';
import type { ImageBatch } from '../../types';
import type { Progress } from '../options';
import { type Case, casesOf, reportedMethods } from './cases';
import { isGhost, objectSizes, type Seen, seenIn } from './seen';
import { type LabelFigures, type SizeFigures, Tally } from './tally';
import { pairOf, Worst } from './worst';

export const labelOptions = {
  /** Data with masks: 'demo', a folder with masks/, or options of openDataset. */
  data: required(dataOption),
  /** All unless given. */
  methods: namedList(reportedMethods, { about: 'mixing methods; all unless given' }),
  samples: whole(1, { default: 2000, about: 'samples to draw for each method, scheme and saliency' }),
  /** A model for `saliency: 'learned'`, which is left out otherwise. */
  saliencyModel: text('path', { about: 'the ONNX model of `learned`, which is left out without it' }),
  size: sizeOption('pixels of a side, HEIGHTxWIDTH, keep, or auto: own size where all share one, else 224'),
  batch: whole(2, { max: 65536, default: 64, about: 'images per batch; pairs are drawn within it' }),
  seed: whole(0, { default: 0, about: 'of every random choice' }),
  /** A folder for labels.json, labels.md and labels.png, the samples with the worst labels. Nothing is written unless given. */
  out: text('path', { about: 'folder for labels.json, labels.md and labels.png, a picture of the worst' }),
  ...runOptions,
  onProgress: callback<(progress: Progress) => void>(),
};

export type LabelOptions = OptionsOf<typeof labelOptions>;

/** The figures of one set of options. Scheme and saliency are null where nothing depends on them. */
export interface LabelReport extends LabelFigures {
  method: MixMethodName;
  scheme: Scheme | null;
  saliency: SaliencyMethod | null;
  labelRule: LabelRule;
  /** By the size of the smaller object of a sample: five parts with equally many samples. */
  bySize: SizeFigures[];
}

/** A case with its mixer, and what was counted for each rule. */
interface Running {
  of: Case;
  mixer: Mixer;
  tallies: ReadonlyMap<LabelRule, Tally>;
}

function begin(of: Case, { seed, backend, threads, saliencyModel }: Parsed<typeof labelOptions>): Running {
  const { method, scheme, saliency, rules } = of;
  const options = {
    method,
    seed,
    backend,
    threads,
    // Its plans tell the area, too; what the masks say is counted here.
    labelRule: rules.includes('saliency') ? 'saliency' : 'area',
    ...(scheme !== null && { scheme }),
    ...(saliency !== null && { saliency }),
    ...(saliency === 'learned' && { saliencyModel }),
  } as const;
  return { of, mixer: createMixer(options), tallies: new Map(rules.map((rule) => [rule, new Tally()])) };
}

/** A loaded batch, with the class of each image and the size of its object. */
interface Loaded {
  images: ImageBatch;
  masks: ObjectMasks;
  sizes: readonly number[];
  classes: Int32Array;
  names: readonly string[];
}

type Sample = MixPlan['samples'][number];

/** Draws a batch with a case, and counts its first `most` samples. */
async function count(
  { of, mixer, tallies }: Running,
  loaded: Loaded,
  { most, ...at }: { epoch: number; batch: number; signal?: AbortSignal; most: number },
  worst: Worst,
): Promise<void> {
  const { images, masks, sizes, classes } = loaded;
  const plan = await mixer.plan(images, at);
  const seen = await seenIn(plan, masks, sizes, at);
  for (const [i, sample] of plan.samples.slice(0, most).entries()) {
    if (!sample.mixed) continue;
    const { lambda, labelLambda = lambda } = sample;
    const weights = { area: lambda, saliency: labelLambda, mask: seen[i].weight };
    for (const [rule, tally] of tallies) {
      const error = Math.abs(weights[rule] - weights.mask);
      const hasGhost = ghostIn(sample, seen[i], weights[rule], classes);
      tally.add({ isGhost: hasGhost, error, size: seen[i].size });
      if (rule === 'area' && isWorth(of, sample, classes)) considerFor(worst, error, sample, seen[i], loaded);
    }
  }
}

function ghostIn(sample: Sample, seen: Seen, weight: number, classes: Int32Array): boolean {
  const source = kindOf(sample).hasSource ? sample.source : sample.target;
  return isGhost(seen, weight, { ofTarget: classes[sample.target], ofSource: classes[source] });
}

/** Whether a sample may be shown among the worst: of two classes, and placed as the method is by default. */
const isWorth = ({ scheme, saliency }: Case, { target, source }: Sample, classes: Int32Array): boolean =>
  classes[target] !== classes[source] &&
  [null, 'salient-to-corresponding'].includes(scheme) &&
  [null, 'fine-grained'].includes(saliency);

function considerFor(worst: Worst, error: number, sample: Sample, seen: Seen, loaded: Loaded): void {
  const { images, classes, names } = loaded;
  worst.consider(error, () => ({
    sample,
    seen,
    classes: { target: names[classes[sample.target]], source: names[classes[sample.source]] },
    images: pairOf(images, sample),
  }));
}

/** Counts all cases on the data, batch by batch, each of which is drawn several times. */
async function countAll(
  dataset: Dataset,
  running: readonly Running[],
  options: Parsed<typeof labelOptions>,
): Promise<Worst> {
  const { batch: batchSize, seed, signal, samples, onProgress } = options;
  const { size } = await resolveSize(dataset, options.size);
  const rounds = Math.ceil(samples / dataset.length);
  const worst = new Worst();
  const progress = { done: 0, total: samples * running.length, before: 0 };
  let left = samples;
  const batches = dataset.batches({ size, batch: batchSize, seed, masks: true, onBad: 'skip', signal });
  for await (const { images, labels, masks, batch } of batches) {
    const classes = classNumbersOf(labels, dataset.classes.length);
    const loaded = { images, masks, sizes: objectSizes(masks), classes, names: dataset.classes };
    for (let epoch = 0; epoch < rounds && left > 0; epoch++) {
      const most = Math.min(left, images.shape[0]);
      for (const one of running) {
        await count(one, loaded, { epoch, batch, signal, most }, worst);
        progress.done += most;
        onProgress?.({ ...progress });
      }
      left -= most;
    }
    if (left === 0) break;
  }
  return worst;
}

/** What was counted. */
export interface LabelFindings {
  rows: LabelReport[];
  /** Draws the samples with the worst labels as a PNG; undefined where none is wrong. */
  picture: () => Promise<Uint8Array | undefined>;
}

/** @throws as labelReport does */
export const countLabels = (given: Omit<LabelOptions, 'out'>): Promise<LabelFindings> =>
  countParsed(parse(labelOptions, given, 'label options'));

async function countParsed(options: Parsed<typeof labelOptions>): Promise<LabelFindings> {
  const { data, methods = reportedMethods, saliencyModel } = options;
  if (saliencyModel !== undefined) await checkSaliencyModel(saliencyModel);
  const running = casesOf(methods, saliencyModel !== undefined).map((one) => begin(one, options));
  const dataset = await openData(data);
  try {
    requireClasses(dataset);
    requireMasks(dataset);
    const worst = await countAll(dataset, running, options);
    const rows = running.flatMap(({ of: { method, scheme, saliency }, tallies }) =>
      [...tallies].map(([labelRule, tally]) => ({ method, scheme, saliency, labelRule, ...tally.figures() })),
    );
    const about = `${methods.join(', ')} on ${dataset.path} · yellow: the patch`;
    return { rows, picture: () => worst.picture(about) };
  } finally {
    await dataset.close();
  }
}

/**
 * For each method, scheme, saliency and label rule: how often a class is in a label that shows no pixel of its object, and how
 * far labels are from the rule `mask`.
 * @throws (rejects) SaliencyMixError ARGUMENT, DATA (also for data without masks), OUTPUT, BACKEND, ADDON, MODEL; the
 *   signal's reason when aborted
 */
export async function labelReport(given: LabelOptions): Promise<LabelReport[]> {
  const options = parse(labelOptions, given, 'label options');
  const found = await countParsed(options);
  const { out } = options;
  if (out !== undefined) await write(out, found);
  return found.rows;
}

async function write(out: string, { rows, picture: draw }: LabelFindings): Promise<void> {
  await mkdir(out, { recursive: true }).catch((error: unknown) => {
    throw writeError(out, error);
  });
  const lines = rows.map((row) => JSON.stringify(row)).join(',\n');
  await writeWhole(join(out, 'labels.json'), `[\n${lines}\n]\n`);
  await writeWhole(join(out, 'labels.md'), `${labelMarkdown(rows)}\n`);
  const picture = await draw();
  if (picture) await writeWhole(join(out, 'labels.png'), picture);
}
