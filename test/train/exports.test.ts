/** What a trainer writes for others: ONNX in a plain session, safetensors in another reader and in PyTorch. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createModel, type Model, type Trainer } from '../../src/train';
import { openModel } from '../../src/onnx/session';
import {
  BATCH,
  bitsOf,
  CLASSES,
  dropoutModel,
  losses,
  readSafetensors,
  SIDE,
  smallModel,
  smallTrainer,
  stateOf,
  symmetric,
  workFolder,
} from './fixtures';

const folder = workFolder();
const EACH = 3 * SIDE * SIDE;
const worst = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i])));

async function trained(model: Model): Promise<Trainer> {
  const trainer = await smallTrainer({ seed: 4 }, model);
  await losses(trainer, [0, 1, 2]);
  trainer.notes = { epoch: 3 };
  return trainer;
}

describe('ONNX', () => {
  test.each([smallModel(), dropoutModel()].map((model) => [model.name, model] as const))(
    '%s gives the logits of predict, for any number of images',
    async (name, model) => {
      const trainer = await trained(model);
      const path = join(folder, `${name}.onnx`);
      await trainer.exportOnnx(path);
      const session = await openModel(path);
      expect([session.inputs, session.outputs]).toEqual([
        [{ name: 'images', type: 'float32', shape: [undefined, 3, SIDE, SIDE] }],
        [{ name: 'logits', type: 'float32', shape: [undefined, CLASSES] }],
      ]);
      for (const n of [1, 3, BATCH + 1]) {
        const images = symmetric(`onnx/${n}`, n * EACH, 1.7);
        const expected = await trainer.predict(images);
        const { data, shape } = await session.run(images.slice(), [n, 3, SIDE, SIDE]);
        expect(shape).toEqual([n, CLASSES]);
        // The runtime folds the normalisations into the convolutions once their numbers are known.
        expect(worst(data, expected)).toBeLessThan(1e-5);
        expect(worst(data, new Float32Array(n * CLASSES))).toBeGreaterThan(0.05);
      }
    },
  );

  test('a large stem with pooling, and VGG’s cells', async () => {
    const image = [224, 224] as const;
    const models = [
      createModel('resnet', { layers: [1], width: 4, classes: CLASSES }),
      createModel('vgg16-bn', { classes: CLASSES, stem: 'cifar' }),
    ];
    for (const model of models) {
      const trainer = await smallTrainer(
        { batch: 2, image: model.name === 'resnet' ? image : [32, 32] },
        model,
      );
      const path = join(folder, `${model.name}-large.onnx`);
      await trainer.exportOnnx(path);
      const [height, width] = trainer.settings.image;
      const images = symmetric('large', 3 * 3 * height * width, 1.7);
      const { data } = await (await openModel(path)).run(images.slice(), [3, 3, height, width]);
      expect(worst(data, await trainer.predict(images))).toBeLessThan(1e-5);
    }
  });
});

describe('safetensors', () => {
  test('holds every parameter and statistic, as another reader finds them', async () => {
    const trainer = await trained(smallModel());
    const path = join(folder, 'small.safetensors');
    await trainer.exportSafetensors(path);
    const { metadata, tensors } = readSafetensors(path);
    const all = await trainer.parameters();
    const small = smallModel();
    expect({ ...metadata, model: JSON.parse(metadata.model) }).toEqual({
      format: 'pt',
      model: { name: small.name, options: { ...small.options } },
      notes: '{"epoch":3}',
    });
    expect([...tensors.keys()]).toEqual(smallModel().parameters.map(({ name }) => name));
    expect(bitsOf(tensors)).toEqual(bitsOf(all));
    for (const [name, { dtype, shape }] of tensors)
      expect([dtype, shape]).toEqual(['F32', all.get(name)?.shape]);
  });

  test('is read back to the same bits, and clears what the optimizer gathered', async () => {
    const trainer = await trained(smallModel());
    const path = join(folder, 'back.safetensors');
    await trainer.exportSafetensors(path);
    const [other, third] = [await smallTrainer(), await smallTrainer({ seed: 9 })];
    await losses(other, [0]);
    for (const one of [other, third]) await one.loadSafetensors(path);
    expect(await stateOf(other)).toEqual(await stateOf(trainer));
    expect(await losses(other, [5, 6])).toEqual(await losses(third, [5, 6]));
  });

  /** A file as others write it: tensors of any dtype, in any order. */
  function write(
    name: string,
    entries: [name: string, dtype: string, shape: number[], bytes: Buffer][],
  ): string {
    let at = 0;
    const header = Object.fromEntries(
      entries.map(([key, dtype, shape, bytes]) => [
        key,
        { dtype, shape, data_offsets: [at, (at += bytes.length)] },
      ]),
    );
    const text = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    const path = join(folder, name);
    writeFileSync(path, Buffer.concat([length, text, ...entries.map(([, , , bytes]) => bytes)]));
    return path;
  }

  const entriesOf = async (trainer: Trainer) =>
    [...(await trainer.parameters())].map(([name, { data, shape }]): [string, string, number[], Buffer] => [
      name,
      'F32',
      shape,
      Buffer.from(data.buffer),
    ]);

  test('PyTorch’s counters are passed over, whatever their dtype; offsets need not be multiples of four', async () => {
    const trainer = await trained(smallModel());
    const count = Buffer.alloc(8);
    count.writeBigInt64LE(17n);
    const path = write('counters.safetensors', [
      ['bn1.num_batches_tracked', 'I64', [], count],
      ['layer1.0.bn1.num_batches_tracked', 'I8', [1], Buffer.of(3)],
      ...(await entriesOf(trainer)).toReversed(),
    ]);
    const other = await smallTrainer();
    await other.loadSafetensors(path);
    expect(await stateOf(other)).toEqual(await stateOf(trainer));
  });

  test('other dtypes, missing and unknown names, and values that are not finite are refused', async () => {
    const trainer = await smallTrainer();
    const before = await stateOf(trainer);
    const entries = await entriesOf(trainer);
    const [first, ...rest] = entries;
    const nan = Buffer.from(first[3]);
    nan.writeFloatLE(NaN, 8);
    const cases: [string, typeof entries, RegExp][] = [
      [
        'double',
        [[first[0], 'F64', first[2], Buffer.concat([first[3], first[3]])], ...rest],
        /conv1\.weight as F64; only F32, F16 and BF16/,
      ],
      ['missing', rest, /"conv1\.weight" of resnet among the names/],
      [
        'other',
        [...entries, ['head.weight', 'F32', [1], Buffer.alloc(4)]],
        /names of resnet only.*"head\.weight"/,
      ],
      ['shape', [[first[0], 'F32', [first[3].length / 4], first[3]], ...rest], /the shape \[4, 3, 3, 3\]/],
      ['nan', [[first[0], 'F32', first[2], nan], ...rest], /finite values/],
      ['longer', [[first[0], 'U8', [0], Buffer.alloc(0)], ...rest], /conv1\.weight as U8/],
    ];
    for (const [name, given, message] of cases)
      await expect(trainer.loadSafetensors(write(name, given))).rejects.toThrow(message);
    expect(await stateOf(trainer)).toEqual(before);
  });
});

const PYTHON = '/usr/bin/python3';
const hasTorch = spawnSync(PYTHON, ['-c', 'import torch, torchvision, numpy']).status === 0;

(hasTorch ? test : test.skip)(
  'torchvision’s resnet18 loads the safetensors strictly, gives the same logits, and its file is read here',
  async () => {
    const trainer = await smallTrainer(
      { batch: 2, image: [64, 64] },
      createModel('resnet18', { classes: CLASSES }),
    );
    const images = symmetric('torch', 2 * 3 * 64 * 64, 1.7);
    const labels = Float32Array.from({ length: 2 * CLASSES }, (_, i) => Number(i % CLASSES === 1));
    for (let i = 0; i < 3; i++) await trainer.step({ images, labels, learningRate: 0.01 });
    const [path, back] = [join(folder, 'resnet18.safetensors'), join(folder, 'back-from-torch.safetensors')];
    await trainer.exportSafetensors(path);
    writeFileSync(join(folder, 'images.f32'), Buffer.from(images.buffer));
    const script = `
import json, numpy as np, torch, torchvision
raw = open(${JSON.stringify(path)}, 'rb').read()
start = 8 + int.from_bytes(raw[:8], 'little')
state = {}
for name, entry in json.loads(raw[8:start]).items():
    if name == '__metadata__': continue
    a, b = entry['data_offsets']
    state[name] = torch.from_numpy(np.frombuffer(raw[start + a:start + b], '<f4').reshape(entry['shape']).copy())
net = torchvision.models.resnet18(num_classes=${CLASSES})
counters = {n: torch.tensor(3) for n in net.state_dict() if n.endswith('num_batches_tracked')}
net.load_state_dict({**state, **counters}, strict=True)
net.eval()
x = torch.from_numpy(np.fromfile(${JSON.stringify(join(folder, 'images.f32'))}, '<f4').reshape(2, 3, 64, 64))
with torch.no_grad(): logits = net(x).flatten().tolist()
header, data = {}, b''
for name, t in net.state_dict().items():
    value = t.numpy().tobytes()
    header[name] = dict(dtype='I64' if t.dtype == torch.int64 else 'F32', shape=list(t.shape), data_offsets=[len(data), len(data) + len(value)])
    data += value
text = json.dumps(header).encode()
open(${JSON.stringify(back)}, 'wb').write(len(text).to_bytes(8, 'little') + text + data)
print(json.dumps(logits))`;
    const { stdout, stderr } = spawnSync(PYTHON, ['-c', script], { encoding: 'utf8' });
    expect(stderr.replaceAll(/.*[Ww]arn.*\n/g, '')).not.toMatch(/Error/);
    expect(worst(JSON.parse(stdout) as number[], await trainer.predict(images))).toBeLessThan(1e-4);
    const before = await stateOf(trainer);
    await trainer.step({ images, labels, learningRate: 0.01 });
    await trainer.loadSafetensors(back);
    expect(await stateOf(trainer)).toEqual(before);
  },
  120_000,
);
