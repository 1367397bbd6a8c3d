/** Weights as other programs write them: in half precision, under names that a wrapper of PyTorch has put a prefix before. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromFloat16, toFloat16 } from '../../src/half';
import { evaluate, Trainer } from '../../src/train';
import { colourFolder } from '../cli/colours';
import { run } from '../cli/fixtures';
import {
  type PlainFile,
  readSafetensors,
  SIDE,
  smallModel,
  smallTrainer,
  symmetric,
  workFolder,
} from './fixtures';

const folder = workFolder();
const data = join(folder, 'data');
const [checkpoint, weights] = [join(folder, 'checkpoint.safetensors'), join(folder, 'weights.safetensors')];
let trainer: Trainer;
let loss: number;

beforeAll(async () => {
  await colourFolder(data, { test: 12 });
  trainer = await smallTrainer({ seed: 2, optimizer: { name: 'sgd', momentum: 0.9 } }, smallModel(3));
  const images = symmetric('weights', 6 * 3 * SIDE * SIDE, 1.7);
  const labels = Float32Array.from({ length: 6 * 3 }, (_, i) => Number(i % 3 === Math.floor(i / 3) % 3));
  for (let i = 0; i < 3; i++) await trainer.step({ images, labels, learningRate: 0.05 });
  await trainer.save(checkpoint);
  await trainer.exportSafetensors(weights);
  ({ loss } = await evaluate({ model: checkpoint, data }));
});

/** The upper halves of float32: the bfloat16 below. */
const toBfloat16 = (values: Float32Array) =>
  Uint16Array.from(new Uint32Array(values.slice().buffer), (bits) => bits >>> 16);

const dtypes = { F32: (values: Float32Array) => values, F16: toFloat16, BF16: toBfloat16 };

interface Form {
  dtype?: keyof typeof dtypes;
  /** Before every name. */
  prefix?: string;
  /** What all values are multiplied with. */
  scale?: number;
  /** Tensors of another program. */
  others?: [name: string, dtype: string, bytes: number][];
}

/** Writes what `from` holds in another form. */
function converted(name: string, from: string, form: Form): string {
  const { dtype = 'F32', prefix = '', scale = 1, others = [] } = form;
  const { tensors, metadata }: PlainFile = readSafetensors(from);
  let at = 0;
  const header: Record<string, unknown> = { __metadata__: metadata };
  const parts: Uint8Array[] = [];
  const add = (key: string, kind: string, shape: number[], bytes: Uint8Array) => {
    header[prefix + key] = { dtype: kind, shape, data_offsets: [at, (at += bytes.length)] };
    parts.push(bytes);
  };
  for (const [key, { shape, data: values }] of tensors) {
    const { buffer, byteOffset, byteLength } = dtypes[dtype](values.map((value) => scale * value));
    add(key, dtype, shape, new Uint8Array(buffer, byteOffset, byteLength));
  }
  for (const [key, kind, length] of others) add(key, kind, [], new Uint8Array(length));
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const path = join(folder, `${name}.safetensors`);
  writeFileSync(path, Buffer.concat([length, text, ...parts]));
  return path;
}

const counter: Form['others'] = [['bn1.num_batches_tracked', 'I64', 8]];

describe('evaluate', () => {
  test.each<[string, Form, number]>([
    ['float32', {}, 1e-5],
    ['float16, with PyTorch’s counters', { dtype: 'F16', others: counter }, 5e-3],
    ['bfloat16', { dtype: 'BF16' }, 5e-2],
    ['of DataParallel', { prefix: 'module.', others: counter }, 1e-5],
  ])('reads weights: %s', async (what, form, tolerance) => {
    const model = converted(what, weights, form);
    const found = await evaluate({ model, data });
    expect(found).toMatchObject({ images: 12, probabilities: false });
    expect(Math.abs(found.loss - loss)).toBeLessThan(tolerance);
    if (form.dtype) expect(found.loss).not.toBe(loss);
  });

  test.each<[string, Form, number]>([
    ['float16', { dtype: 'F16' }, 5e-3],
    ['bfloat16', { dtype: 'BF16' }, 5e-2],
    ['under other names', { prefix: 'module.' }, 1e-5],
  ])('reads a checkpoint that was converted: %s', async (what, form, tolerance) => {
    const found = await evaluate({ model: converted(`checkpoint-${what}`, checkpoint, form), data });
    expect(Math.abs(found.loss - loss)).toBeLessThan(tolerance);
  });

  test('says on the command line that it took prefixes off', async () => {
    const model = converted('wrapped', weights, { prefix: 'module._orig_mod.' });
    const { stdout, stderr } = await run('evaluate', model, '--data', data, '--json');
    expect((JSON.parse(stdout) as { loss: number }).loss).toBeCloseTo(loss, 5);
    const said = stderr.split('\n').filter((line) => line.includes('SaliencyMixWarning'));
    expect(said.map((line) => line.replace(/^.*SaliencyMixWarning: /, ''))).toEqual([
      `${model}: all names begin with "module._orig_mod.", which was taken off`,
    ]);
  });

  test('refuses weights of a network that is not known, and an option of ONNX models', async () => {
    const model = converted('unknown', weights, { others: [['head.scale', 'F32', 4]] });
    await expect(evaluate({ model, data })).rejects.toMatchObject({
      code: 'CHECKPOINT',
      file: model,
      message: expect.stringMatching(
        /tensors \(conv1\.weight, .*not those of a network that this package has; .*as ONNX/,
      ) as string,
    });
    await expect(evaluate({ model: checkpoint, data, logits: 'x' })).rejects.toMatchObject({
      code: 'ARGUMENT',
      argument: 'logits',
    });
  });

  test('refuses a converted checkpoint that does not say what it is of, or has other tensors', async () => {
    const other = converted('another', checkpoint, { dtype: 'F16', others: [['head.scale', 'F32', 4]] });
    await expect(evaluate({ model: other, data })).rejects.toThrow(/it must hold those tensors only/);
    const bytes = readFileSync(converted('edited', checkpoint, { dtype: 'F16' }));
    const at = bytes.indexOf('\\"optimizer');
    bytes.write('\\"0ptimizer', at);
    writeFileSync(other, bytes);
    await expect(evaluate({ model: other, data })).rejects.toMatchObject({
      code: 'CHECKPOINT',
      message: expect.stringMatching(/it does not say of which network it is/) as string,
    });
  });

  test('refuses values that are not finite, as an overflow of float16 leaves them', async () => {
    const model = converted('overflow', weights, { dtype: 'F16', scale: 1e6 });
    await expect(evaluate({ model, data })).rejects.toMatchObject({
      code: 'CHECKPOINT',
      message: expect.stringMatching(/has values in conv1\.weight that are not finite/) as string,
    });
  });

  test('refuses images of another size than a checkpoint is for', async () => {
    await expect(evaluate({ model: checkpoint, data, size: 32 })).rejects.toMatchObject({
      code: 'MODEL',
      argument: 'size',
      message: expect.stringMatching(/takes images of 16 × 16 pixels only, not of 32 × 32/) as string,
    });
  });
});

describe('a trainer', () => {
  test('loads float16 and bfloat16 as the numbers that they are', async () => {
    const other = await smallTrainer({}, smallModel(3));
    const expected = await trainer.parameters();
    const rounded = { F16: (v: Float32Array) => fromFloat16(toFloat16(v)), BF16: asBfloat16 };
    for (const dtype of ['F16', 'BF16'] as const) {
      await other.loadSafetensors(converted(`load-${dtype}`, weights, { dtype, others: counter }));
      for (const [name, { data: values }] of await other.parameters())
        expect(values).toEqual(rounded[dtype](expected.get(name)?.data as Float32Array));
    }
  });

  test('loads the weights of DataParallel', async () => {
    const other = await smallTrainer({}, smallModel(3));
    const path = converted('parallel', weights, { prefix: 'module.', others: counter });
    await other.loadSafetensors(path);
    expect(await other.parameters()).toEqual(await trainer.parameters());
  });

  test('does not go on from a checkpoint in half precision', async () => {
    const half = converted('resume', checkpoint, { dtype: 'F16' });
    await expect(Trainer.resume(half)).rejects.toMatchObject({
      code: 'CHECKPOINT',
      message: expect.stringMatching(/conv1\.weight as F16: training goes on from F32 only/) as string,
    });
  });
});

function asBfloat16(values: Float32Array): Float32Array {
  const bits = new Uint32Array(values.slice().buffer);
  return new Float32Array(bits.map((word) => word & 0xffff0000).buffer);
}
