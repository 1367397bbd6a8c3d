/** Plans as JSON, applied to images, label maps and boxes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageApi } from '../lib/api.mjs';
import { changeBytes } from '../lib/bytes.mjs';
import { changeJson, toText } from '../lib/json.mjs';
import { must, outcomeOf } from '../lib/oracle.mjs';

const { applyPlan, createMixer, mixMethodNames } = packageApi;

const SHAPE = [4, 10, 12, 3];
const noise = (length) => Uint8Array.from({ length }, (_, i) => (i * 131 + (i >> 3)) & 255);
const batch = { data: noise(SHAPE.reduce((a, b) => a * b)), shape: SHAPE };

async function seeds() {
  const made = [];
  for (const method of mixMethodNames) {
    const mixer = createMixer({ method, classes: 3, seed: made.length });
    const { plan } = await mixer.mix(batch, Int32Array.from([0, 1, 2, 0]));
    made.push({ name: method, files: { 'plan.json': Buffer.from(JSON.stringify(plan)) }, options: {} });
  }
  return made;
}

function change(random, seed, all) {
  const before = seed.files['plan.json'];
  const plan = changeJson(random, JSON.parse(before.toString()));
  if (plan !== null && typeof plan === 'object' && random.oneIn(10)) {
    delete plan.version;
    for (const sample of Array.isArray(plan.samples) ? plan.samples : [])
      if (sample && random.oneIn(2)) delete sample.kind;
  }
  const bytes = random.oneIn(12)
    ? changeBytes(random, before, random.pick(all).files['plan.json'])
    : Buffer.from(toText(plan));
  const output = random.pick([
    undefined,
    { layout: 'NCHW', dtype: 'float32' },
    { layout: 'NHWC', dtype: 'float16' },
    { dtype: 'uint8' },
  ]);
  return {
    files: { 'plan.json': bytes },
    options: { output, fill: random.oneIn(5) ? random.pick([0, 255, 256, -1, 0.5, 2 ** 31]) : undefined },
  };
}

async function applied(plan, input, options, count) {
  const outcome = await outcomeOf(applyPlan(plan, input, options));
  if (!outcome.refused && count !== undefined)
    must(
      outcome.result.data.length === plan.samples.length * count,
      `${outcome.result.data.length} values of ${plan.samples.length} images`,
    );
  return outcome;
}

async function run(folder, { output, fill }) {
  let plan;
  try {
    plan = JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8'));
  } catch {
    return { refused: 'not JSON' };
  }
  const [count, height, width] = SHAPE;
  const area = height * width;
  const images = await applied(plan, batch, { output, fill }, area * 3);
  await applied(plan, { data: noise(count * area), shape: [count, height, width] }, { fill }, area);
  await applied(
    plan,
    { data: Int32Array.from(noise(count * area)), shape: [count, height, width] },
    { fill },
    area,
  );
  const boxes = Array.from({ length: count }, (_, i) => [{ top: i, left: 1, bottom: 8, right: 9, label: i }]);
  const found = await applied(plan, boxes, {});
  for (const box of found.result?.flat() ?? [])
    must(
      [box.top, box.left, box.bottom, box.right].every(Number.isFinite) &&
        box.top < box.bottom &&
        box.left < box.right &&
        box.top >= 0 &&
        box.left >= 0 &&
        box.bottom <= height &&
        box.right <= width,
      `the box ${JSON.stringify(box)}`,
    );
  return images;
}

export const plan = { seeds, change, run };
