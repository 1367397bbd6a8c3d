/** How often labels tell of what is not seen: counted once more from plans and label maps. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import {
  applyPlan,
  createMixer,
  labelReport,
  type LabelReport,
  mixMethodNames,
  openDataset,
  saliencyMethods,
  schemeNames,
} from '../../src';
import { mixMethods } from '../../src/mix';
import { filesBelow, imageFolder, run, workFolder, writeInto } from './fixtures';

const work = workFolder();
const data = { path: 'demo', demo: { count: 30, size: 24 } };
const SAMPLES = 70;
const options = { data, samples: SAMPLES, batch: 8, seed: 3 };

interface Counted {
  isGhost: boolean;
  error: number;
  size: number;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The samples of a row, each from the plan's labels and from label maps that say whose object a pixel shows. */
async function countedFor({ method, scheme, saliency, labelRule }: LabelReport): Promise<Counted[]> {
  const chosen = { method, seed: 3, ...(scheme && { scheme }), ...(saliency && { saliency }) };
  const mixer = createMixer({ ...chosen, labelRule });
  const right = createMixer({ ...chosen, labelRule: 'mask' });
  const dataset = await openDataset(data);
  const counted: Counted[] = [];
  let drawn = 0;
  for await (const { images, labels, masks, batch } of dataset.batches({ batch: 8, seed: 3, masks: true })) {
    const { data: objects, shape } = masks;
    const pixels = shape[1] * shape[2];
    const owners = Int32Array.from(objects, (value, i) => (value === 0 ? -1 : Math.floor(i / pixels)));
    const sizes = Array.from({ length: shape[0] }, (_, i) => owners.filter((owner) => owner === i).length);
    for (let epoch = 0; epoch < Math.ceil(SAMPLES / 30); epoch++) {
      const plan = await mixer.plan(images, { epoch, batch, masks });
      const { samples: byMask } = await right.plan(images, { epoch, batch, masks });
      const shown = ['blend', 'keep'].includes(plan.samples[0].kind)
        ? undefined
        : await applyPlan(plan, { data: owners, shape }, { fill: -1 });
      plan.samples.forEach((sample, i) => {
        if (drawn++ >= SAMPLES || !sample.mixed) return;
        const { target, source, lambda, labelLambda = lambda } = sample;
        const own = shown?.data.subarray(i * pixels, (i + 1) * pixels);
        const isSeen = (image: number) => !own || own.includes(image);
        const weights = new Map([[labels[target], labelLambda]]);
        weights.set(labels[source], (weights.get(labels[source]) ?? 0) + 1 - labelLambda);
        const seen = [target, source].filter(isSeen).map((image) => labels[image]);
        counted.push({
          isGhost: [...weights].some(([label, weight]) => weight > 0 && !seen.includes(label)),
          error: Math.abs(labelLambda - (byMask[i].labelLambda ?? byMask[i].lambda)),
          size: Math.min(sizes[target], sizes[source]) / pixels,
        });
      });
    }
  }
  await dataset.close();
  return counted.toSorted((a, b) => a.size - b.size);
}

let rows: LabelReport[];
beforeAll(async () => {
  rows = await labelReport({ ...options, out: join(work, 'labels') });
}, 60_000);

test('every method, scheme, saliency and label rule, once', () => {
  const saliencies = saliencyMethods.filter((name) => name !== 'learned');
  const expected = mixMethodNames
    .filter((method) => method !== 'none')
    .flatMap((method) => {
      const { needsSaliency, hasSource } = mixMethods[method];
      const rules = ['area', 'saliency', 'mask'];
      if (method === 'puzzlemix') return saliencies.map((saliency) => [method, null, saliency, 'area']);
      if (method === 'guidedmixup') return [[method, null, null, 'area']];
      if (needsSaliency)
        return schemeNames.flatMap((scheme) =>
          saliencies.flatMap((saliency) => rules.map((rule) => [method, scheme, saliency, rule])),
        );
      const bySaliency = hasSource ? saliencies.map((saliency) => [method, null, saliency, 'saliency']) : [];
      return [[method, null, null, 'area'], [method, null, null, 'mask'], ...bySaliency];
    });
  expect(
    rows.map(({ method, scheme, saliency, labelRule }) => [method, scheme, saliency, labelRule]),
  ).toEqual(expected);
});

test.each([
  ['cutmix', null, null, 'area'],
  ['cutmix', null, 'sobel', 'saliency'],
  ['saliencymix', 'salient-to-corresponding', 'fine-grained', 'area'],
  ['saliencymix', 'salient-to-nonsalient', 'spectral-residual', 'saliency'],
  ['saliencymix', 'nonsalient-to-salient', 'float-bytes', 'mask'],
  ['resizemix', null, null, 'area'],
  ['mixup', null, null, 'area'],
  ['cutout', null, null, 'area'],
])('%s %s %s %s: counted once more', async (method, scheme, saliency, labelRule) => {
  const row = rows.find(
    (one) =>
      one.method === method &&
      one.scheme === scheme &&
      one.saliency === saliency &&
      one.labelRule === labelRule,
  ) as LabelReport;
  const counted = await countedFor(row);
  expect(row.samples).toBe(counted.length);
  expect(counted.length).toBeGreaterThan(SAMPLES - 20);
  const share = (some: readonly Counted[]) => mean(some.map(({ isGhost }) => (isGhost ? 1 : 0)));
  expect(row.ghostShare).toBeCloseTo(share(counted), 12);
  expect(row.meanError).toBeCloseTo(mean(counted.map(({ error }) => error)), 12);
  const edges = [0, 1, 2, 3, 4, 5].map((part) => Math.floor((part * counted.length) / 5));
  expect(row.bySize.map(({ upTo }) => upTo)).toEqual(edges.slice(1).map((end) => counted[end - 1].size));
  // Samples of one size may be on either side of an edge: so the parts only add up to the whole.
  const sum = row.bySize.reduce(
    (all, { ghostShare }, part) => all + ghostShare * (edges[part + 1] - edges[part]),
    0,
  );
  expect(sum / counted.length).toBeCloseTo(row.ghostShare, 12);
  expect(row.meanError === 0).toBe(labelRule === 'mask' || ['mixup', 'cutout'].includes(method));
  if (method === 'mixup') expect(row.ghostShare).toBe(0);
  if (method === 'cutmix') expect(row.ghostShare).toBeGreaterThan(0.1);
});

test('the same figures on any number of threads, and from the command line', async () => {
  const some = { ...options, methods: ['saliencymix', 'cutmix'] as const };
  const expected = rows.filter(({ method }) => ['saliencymix', 'cutmix'].includes(method));
  expect(await labelReport({ ...some, threads: 1 })).toEqual(expected);
  const folder = await imageFolder(join(work, 'masked'), 12, 16);
  const box = { left: 4, top: 4, width: 8, height: 6 };
  const mask = sharp({ create: { width: 16, height: 16, channels: 3, background: 'black' } }).composite([
    { input: { create: { ...box, channels: 3, background: 'red' } }, left: 4, top: 4 },
  ]);
  for (const name of filesBelow(folder)) writeInto(join(folder, 'masks'), name, await mask.png().toBuffer());
  const few = ['--methods', 'cutmix,mixup', '--samples', '20', '--seed', '3'];
  const { stdout, code } = await run('labels', folder, ...few, '--json');
  expect(code).toBe(0);
  const same = { data: folder, methods: ['cutmix', 'mixup'], samples: 20, seed: 3 } as const;
  expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(await labelReport(same))));
  const shown = await run('labels', folder, ...few);
  const [head, first] = shown.stdout.split('\n');
  expect(head).toMatch(/^method +scheme +saliency +labels by +ghost labels +smallest fifth +mean error$/);
  expect(first).toMatch(/^cutmix +area +[\d.]+ % +[\d.]+ % +[\d.]+ %$/);
}, 60_000);

test('written: the figures, a table, and a picture of the worst', async () => {
  const file = (name: string) => readFileSync(join(work, 'labels', name));
  expect(JSON.parse(file('labels.json').toString())).toEqual(rows);
  expect(file('labels.md').toString().trim().split('\n')).toHaveLength(rows.length + 2);
  const { width, height, format } = await sharp(file('labels.png')).metadata();
  expect([format, width > 800, height > 900]).toEqual(['png', true, true]);
});

test('data without masks, unknown methods and no samples are refused', async () => {
  const plain = await imageFolder(join(work, 'plain'), 3);
  const out = join(work, 'refused');
  await expect(labelReport({ data: plain, out })).rejects.toThrow(/has no masks of objects/);
  await expect(labelReport({ data: 'demo', out, methods: ['cutmx'] } as never)).rejects.toThrow(
    /for methods .*did you mean "cutmix"/,
  );
  await expect(labelReport({ data: 'demo', out, methods: [] })).rejects.toThrow(/a list of names, each once/);
  await expect(labelReport({ data: 'demo', out, samples: 0 })).rejects.toThrow(/for samples/);
  expect(existsSync(out)).toBe(false);
  const { code, stderr } = await run('labels', plain);
  expect([code, stderr]).toEqual([1, expect.stringContaining('masks/ beside the images')]);
});
