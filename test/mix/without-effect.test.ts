/** What is called without effect changes no byte, and what is not does: for each method and option. */
import { createMixer, type MixerOptions, mixMethodNames } from '../../src';
import { checked } from '../../src/option';
import { mixerOptions } from '../../src/mix/options';
import { withoutEffect } from '../../src/mix/without-effect';

const [COUNT, SIDE] = [12, 24];

/** On a flat ground two equal squares at a place of each image's own, so that extremes of saliency have ties. */
function images() {
  const data = new Uint8Array(COUNT * SIDE * SIDE * 3).fill(90);
  for (let i = 0; i < COUNT; i++)
    for (const left of [2, 13])
      for (let y = 3 + i; y < 8 + i; y++)
        for (let x = left; x < left + 5; x++)
          data.set([200 - 9 * i, 20 * i, 40], 3 * ((i * SIDE + y) * SIDE + x));
  return { data, shape: [COUNT, SIDE, SIDE, 3] as const };
}
const labels = Int32Array.from({ length: COUNT }, (_, i) => i);

/** What a mixer makes of three batches. */
async function made(options: MixerOptions): Promise<string> {
  const mixer = createMixer({ ...options, classes: COUNT, seed: 3, threads: 1 });
  const parts: string[] = [];
  for (let batch = 0; batch < 3; batch++) {
    const mixed = await mixer.mix(images(), labels, { batch });
    parts.push(Buffer.from(mixed.images.data.buffer).toString('base64'), mixed.labels.join());
  }
  return parts.join('\n');
}

const values = {
  saliency: 'spectral-residual',
  scheme: 'nonsalient-to-nonsalient',
  alpha: 0.2,
  probability: 0.3,
  box: 'clip',
  per: 'batch',
  ties: 'random',
  length: 7,
  fill: 77,
  labelRule: 'saliency',
} as const satisfies MixerOptions;
const masked = new Set(['puzzlemix', 'guidedmixup']);

describe.each(mixMethodNames)('%s', (method) => {
  const names = Object.keys(values) as (keyof typeof values)[];
  // Methods with masks refuse another rule than their own.
  test.each(names.filter((name) => name !== 'labelRule' || !masked.has(method)))('%s', async (name) => {
    const given = { method, [name]: values[name] } as MixerOptions;
    const isWithout = withoutEffect(checked(mixerOptions, given, 'options')).names.includes(name);
    const same = (await made({ method })) === (await made(given));
    expect(same).toBe(isWithout);
  });
});

test('what goes before the defaults counts, and the network’s maps are heeded by guidedmixup', () => {
  const of = (given: MixerOptions, usual: MixerOptions = {}) => withoutEffect(given, usual);
  expect(of({ fill: 3 }, { method: 'cutout' })).toEqual({ method: 'cutout', names: [] });
  expect(of({ fill: 3, scheme: undefined })).toEqual({ method: 'saliencymix', names: ['fill'] });
  expect(of({ method: 'guidedmixup', saliency: 'gradient' }).names).toEqual([]);
  expect(of({ saliencyModel: 'model.onnx' }).names).toEqual(['saliencyModel']);
  expect(of({ saliencyModel: 'model.onnx', saliency: 'learned' }).names).toEqual([]);
  expect(of({ method: 'cutmix', saliency: 'fine-grained' }).names).toEqual(['saliency']);
  expect(of({ method: 'cutmix', saliency: 'fine-grained', labelRule: 'saliency' }).names).toEqual([]);
});
