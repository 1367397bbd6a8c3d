/** Each row: what a user may pass by mistake, and the words that come back. Async functions reject, they never throw. */
import {
  applyPlan,
  backends,
  createMixer,
  type ImageBatch,
  type MixerOptions,
  placeBox,
  saliency,
  SaliencyMixError,
} from '../src';
import { classNumbers, noise } from './batches';

const good = noise(1, [2, 8, 8, 3]);
const labels = classNumbers(2, 2);

async function rejection(promise: Promise<unknown>): Promise<SaliencyMixError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SaliencyMixError);
  return error as SaliencyMixError;
}

function detached(): Uint8Array {
  const data = new Uint8Array(8 * 8 * 3);
  structuredClone(data.buffer, { transfer: [data.buffer] });
  return data;
}

const bytes = (length: number) => new Uint8Array(length);

test('lists in lists are shown as far as they help', async () => {
  let deep: unknown = 1;
  for (let i = 0; i < 20_000; i++) deep = [deep];
  const sample = { target: deep };
  const plan = { version: 2, height: 8, width: 8, count: 2, samples: [sample] } as never;
  const { message } = await rejection(applyPlan(plan, good));
  expect(message).toMatch(/for plan\.samples\.target \(image 0\) but received \[\[\[\[\[…\]\]\]\]\]$/);
});

describe('an image batch', () => {
  test.each([
    [
      'too short',
      { data: bytes(383), shape: [2, 8, 8, 3] },
      /384 bytes for the shape \[2, 8, 8, 3\] for batch\.data but received Uint8Array of length 383/,
    ],
    ['too long', { data: bytes(385), shape: [2, 8, 8, 3] }, /384 bytes.*length 385/],
    [
      '2 channels',
      { data: bytes(256), shape: [2, 8, 8, 2] },
      /1 or 3 channels \(drop alpha first\) for batch\.shape but received \[2, 8, 8, 2\]/,
    ],
    ['4 channels', { data: bytes(512), shape: [2, 8, 8, 4] }, /1 or 3 channels/],
    [
      'no images',
      { data: bytes(0), shape: [0, 8, 8, 3] },
      /whole numbers of at least 1 for batch\.shape but received \[0, 8, 8, 3\]/,
    ],
    ['zero height', { data: bytes(0), shape: [2, 0, 8, 3] }, /whole numbers of at least 1/],
    ['a broken dimension', { data: bytes(10), shape: [2, 8.5, 8, 3] }, /whole numbers of at least 1/],
    [
      'overflowing dimensions',
      { data: bytes(10), shape: [2 ** 31 - 1, 2 ** 31 - 1, 2 ** 31 - 1, 3] },
      /a product of at most 2\^40/,
    ],
    [
      'a dimension above int32',
      { data: bytes(10), shape: [1, 2 ** 32, 8, 3] },
      /whole numbers of at least 1/,
    ],
    [
      'three dimensions',
      { data: bytes(192), shape: [8, 8, 3] },
      /\[count, height, width, channels\] for batch\.shape/,
    ],
    [
      'floats',
      { data: new Float32Array(384), shape: [2, 8, 8, 3] },
      /a Uint8Array \(uint8 NHWC\) for batch\.data but received Float32Array of length 384/,
    ],
    ['an array', { data: [1, 2, 3], shape: [1, 1, 1, 3] }, /a Uint8Array.*received \[1, 2, 3\]/],
    ['null in place of its bytes', { data: null, shape: [1, 1, 1, 3] }, /a Uint8Array.*received null/],
    ['an ArrayBuffer', { data: new ArrayBuffer(3), shape: [1, 1, 1, 3] }, /a Uint8Array/],
    [
      'a detached buffer',
      { data: detached(), shape: [1, 8, 8, 3] },
      /not detached \(it was transferred elsewhere\)/,
    ],
    ['null', null, /an image batch \{ data, shape \} for batch but received null/],
    ['undefined', undefined, /an image batch/],
  ] as [string, unknown, RegExp][])('%s', async (_, batch, message) => {
    for (const call of [
      saliency(batch as ImageBatch),
      createMixer({ classes: 2 }).mix(batch as ImageBatch, labels),
      createMixer().plan(batch as ImageBatch),
    ]) {
      const error = await rejection(call);
      expect(error.message).toMatch(message);
      expect(error.code).toBe('ARGUMENT');
      expect(error.argument).toMatch(/^batch/);
      expect(error.expected).toBeDefined();
      expect(error.received).toBeDefined();
    }
  });
});

describe('labels', () => {
  test.each([
    [
      'too few',
      Int32Array.of(1),
      2,
      /2 class numbers, one per image for labels but received Int32Array of length 1/,
    ],
    [
      'a class too large',
      Int32Array.of(0, 2),
      2,
      /class numbers from 0 to 1 for labels \(image 1\) but received 2/,
    ],
    [
      'a negative class',
      Int32Array.of(-1, 0),
      2,
      /class numbers from 0 to 1 for labels \(image 0\) but received -1/,
    ],
    [
      'no classes',
      Int32Array.of(0, 1),
      undefined,
      /the number of classes \(class numbers do not tell it; soft labels do\) for classes/,
    ],
    ['soft rows of another length', new Float32Array(6), 2, /2 × 2 values, one row per image for labels/],
    ['soft rows that do not come out even', new Float32Array(5), undefined, /2 × classes values/],
    ['no soft labels', new Float32Array(0), undefined, /2 × classes values/],
    [
      'NaN',
      Float32Array.of(0, 1, NaN, 0),
      undefined,
      /finite numbers for labels \(image 1\) but received NaN/,
    ],
    ['a plain array', [0, 1], 2, /an Int32Array of class numbers or a Float32Array of soft labels/],
    ['64-bit numbers', BigInt64Array.of(0n, 1n), 2, /an Int32Array of class numbers/],
  ])('%s', async (_, wrong, classes, message) => {
    const error = await rejection(createMixer({ classes }).mix(good, wrong as Int32Array));
    expect(error.message).toMatch(message);
    expect(error.code).toBe('ARGUMENT');
  });
});

describe('mixer options', () => {
  test.each([
    [{ alpha: 0 }, /a number from 0.000001 to 1000000 for alpha but received 0/],
    [{ alpha: -1 }, /to 1000000 for alpha but received -1/],
    [{ alpha: 5e-324 }, /to 1000000 for alpha but received 5e-324/],
    [{ alpha: 1e308 }, /to 1000000 for alpha but received 1e\+308/],
    [{ alpha: NaN }, /to 1000000 for alpha but received NaN/],
    [{ alpha: Infinity }, /to 1000000 for alpha but received Infinity/],
    [{ alpha: '1' }, /to 1000000 for alpha but received "1"/],
    [{ probability: 1.01 }, /a number from 0 to 1 for probability but received 1\.01/],
    [{ probability: -0.1 }, /from 0 to 1 for probability/],
    [{ probability: NaN }, /from 0 to 1 for probability/],
    [
      { method: 'saliencymx' },
      /one of "saliencymix", .* for method but received "saliencymx" \(did you mean "saliencymix"\?\)/,
    ],
    [{ method: 'CutMix' }, /\(did you mean "cutmix"\?\)/],
    [{ saliency: 'finegrained' }, /\(did you mean "fine-grained"\?\)/],
    [{ scheme: 'salient-to-background' }, /one of "salient-to-corresponding"/],
    [{ box: 'shifted' }, /one of "shift", "clip" for box but received "shifted" \(did you mean "shift"\?\)/],
    [{ per: 'image' }, /one of "sample", "batch" for per/],
    [{ ties: 'last' }, /one of "first", "random" for ties/],
    [{ seed: -1 }, /a whole number of at least 0 for seed/],
    [{ seed: 1.5 }, /a whole number of at least 0 for seed/],
    [{ classes: 0 }, /for classes but received 0/],
    [{ threads: 0 }, /a whole number from 1 to 1024 for threads/],
    [{ fill: 256 }, /a whole number from 0 to 255, or "mean" for fill/],
    [{ preset: 'papers' }, /\(did you mean "paper"\?\)/],
    [
      { probabilty: 0.5 },
      /Unknown option "probabilty" in mixer options \(did you mean "probability"\?\); known: method, /,
    ],
    [{ saliency: 'learned' }, /the path of an ONNX model \(saliency is "learned"\) for saliencyModel/],
    ['cutmix', /an object of options for mixer options but received "cutmix"/],
  ])('%j', (options, message) => {
    expect(() => createMixer(options as MixerOptions)).toThrow(message);
    expect(() => createMixer(options as MixerOptions)).toThrow(SaliencyMixError);
  });

  test('those that the method does not use are checked all the same', () => {
    expect(() => createMixer({ method: 'none', alpha: -1 })).toThrow(/for alpha/);
    expect(() => createMixer({ method: 'mixup', box: 'clip', scheme: 'salient-to-salient' })).not.toThrow();
  });
});

describe('calls', () => {
  test.each([
    [{ epoch: -1 }, /a whole number from 0 to 4294967295 for epoch/],
    [{ batch: 0.5 }, /for batch but received 0\.5/],
    [{ epochs: 1 }, /Unknown option "epochs" in mix options \(did you mean "epoch"\?\)/],
    [{ signal: {} }, /an AbortSignal for signal/],
    [{ slots: { of: [0], count: 2 } }, /2 ascending slots below 2 for slots\.of|whole number/],
    [{ slots: { of: [1, 0], count: 2 } }, /2 ascending slots below 2 for slots\.of/],
  ])('mix with %j', async (options, message) => {
    expect(
      (await rejection(createMixer({ classes: 2 }).mix(good, labels, options as object))).message,
    ).toMatch(message);
  });

  test.each([
    [
      { method: 'spectral' },
      /one of .* for method but received "spectral" \(did you mean "spectral-residual"\?\)/,
    ],
    [{ methods: 'spectral-residual' }, /Unknown option "methods" in saliency options/],
    [{ threads: -1 }, /from 1 to 1024 for threads/],
    [{ method: 'learned' }, /a non-empty string for saliencyModel/],
  ])('saliency with %j', async (options, message) => {
    expect((await rejection(saliency(good, options as object))).message).toMatch(message);
  });

  test.each([['gpu'], ['CPU'], [1]])('the backend %j, which this build does not have', async (backend) => {
    const error = await rejection(saliency(good, { backend: backend as string }));
    expect(error.code).toBe('BACKEND');
    expect(error.message).toMatch(/Unusable backend .*: this build has "auto", .*"cpu"$/);
    expect(() => createMixer({ backend: String(backend) })).toThrow(/Unusable backend .*: this build has/);
    expect(backends().map(({ name }) => name)).not.toContain(backend);
  });

  test('a backend that cannot run here says why', async () => {
    expect(backends().at(-1)).toMatchObject({ name: 'cpu', available: true });
    for (const { name, reason } of backends().filter(({ available }) => !available)) {
      const error = await rejection(saliency(good, { backend: name }));
      expect(error.code).toBe('BACKEND');
      expect(error.message).toBe(`Unusable backend "${name}": not available here: ${reason}`);
      expect(() => createMixer({ backend: name })).toThrow('not available here');
    }
  });

  test.each([
    [[0, 8, 0.5, [0, 0]], /for height but received 0/],
    [[8, 8, 1.5, [0, 0]], /a number from 0 to 1 for lambda but received 1\.5/],
    [[8, 8, NaN, [0, 0]], /for lambda but received NaN/],
    [[8, 8, 0.5, [8, 0]], /from 0 to 7 for anchor row but received 8/],
    [[8, 8, 0.5, [0, -1]], /from 0 to 7 for anchor column/],
    [[8, 8, 0.5, 3], /\[row, col\] for anchor/],
    [[8, 8, 0.5, [0, 0], 'crop'], /one of "shift", "clip" for box/],
  ])('placeBox(%j)', (args, message) => {
    expect(() => placeBox(...(args as Parameters<typeof placeBox>))).toThrow(message);
  });

  test('nothing is thrown synchronously by asynchronous functions', () => {
    const calls = [
      () => saliency(undefined as never),
      () => createMixer().mix(undefined as never, labels),
      () => createMixer().plan(1 as never),
      () => applyPlan(undefined as never, undefined as never),
    ];
    for (const call of calls) {
      const promise = call();
      expect(promise).toBeInstanceOf(Promise);
      promise.catch(() => undefined);
    }
  });
});
