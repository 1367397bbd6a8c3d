/** Which backend 'auto' means: lists of backends as data. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { backends, createMixer, oneOf, saliency } from '../../src';
import { usesNativeSaliency, mixMethodNames, mixMethods, mixingWork } from '../../src/mix/index';
import { parseMixer } from '../../src/mix/options';
import { type Backend, backendFor, pickBackend, RESIDENT_WORK } from '../../src/native/backends';
import { dtypes } from '../../src/native/pixels';
import type { Resident } from '../../src/native/resident';
import { isTested, tested } from '../../src/native/tested';
import { nativeMethods } from '../../src/saliency/methods';
import { classNumbers, noise } from '../batches';

const there = (name: string): Backend => ({
  name,
  description: name,
  available: true,
  level: 'one',
  levels: ['one'],
  auto: true,
  lacks: [],
});
const missing = (name: string, reason: string): Backend => ({
  ...there(name),
  available: false,
  reason,
  levels: [],
});

const DEFAULTS = parseMixer({});
/** Masks are mixed on the processor, and ask nothing of a backend. */
const drawn = mixMethodNames.map((method) => mixMethods[method].drawFor(DEFAULTS).kind);
const kinds = [...new Set(drawn)].filter((kind) => kind !== 'masked');

const both = [there('cuda'), there('cpu')];
const noCard = [missing('cuda', 'no driver'), there('cpu')];
/** A card without what calls may need. */
const lacking = [{ ...there('cuda'), lacks: ['spectral-residual', 'blend', 'float16'] }, there('cpu')];
const MEBI = 2 ** 20;

test.each([
  ['saliency of a large batch', { pixels: MEBI, saliency: true, needs: [] }, 'cuda'],
  ['saliency of a smaller one', { pixels: MEBI - 1, saliency: true, needs: [] }, 'cpu'],
  ['mixing alone', { pixels: 64 * MEBI, saliency: false, needs: [] }, 'cpu'],
  ['pixels that stay there', RESIDENT_WORK, 'cuda'],
])('%s', (_, work, expected) => {
  for (const wanted of ['auto', undefined]) {
    expect(pickBackend(wanted, work, both)).toBe(expected);
    expect(pickBackend(wanted, work, noCard)).toBe('cpu');
    expect(pickBackend(wanted, work, [there('cpu')])).toBe('cpu');
  }
  // A name is a name.
  for (const name of ['cpu', 'cuda']) expect(pickBackend(name, work, both)).toBe(name);
});

test('what cannot be used is an error that says why, never another backend', () => {
  const pick = (wanted: unknown, all: Backend[], work = RESIDENT_WORK) => pickBackend(wanted, work, all);
  const none = [missing('cuda', 'no driver'), missing('cpu', 'no such level')];
  expect(() => pick('cuda', noCard)).toThrow('Unusable backend "cuda": not available here: no driver');
  expect(() => pick('gpu', both)).toThrow('Unusable backend "gpu": this build has "auto", "cuda", "cpu"');
  expect(() => pick('auto', none)).toThrow('none is available: cuda (no driver), cpu (no such level)');
  const small = { pixels: 1, saliency: true, needs: [] };
  expect(() => pick('auto', [there('cuda'), none[1]], small)).toThrow(
    'none is available: cpu (no such level)',
  );
  try {
    pick('cuda', noCard);
  } catch (error) {
    expect(error).toMatchObject({ code: 'BACKEND', argument: 'backend', received: '"cuda"' });
  }
});

test('a device batch is worked on where it is', () => {
  const work = { pixels: 1, saliency: false, needs: [] };
  const on = (backend: string) => ({ resident: { backend } as Resident });
  for (const wanted of [undefined, 'auto', 'cpu'])
    expect(backendFor(wanted, on('cpu'), work, both)).toBe('cpu');
  for (const wanted of [undefined, 'auto', 'cuda'])
    expect(backendFor(wanted, on('cuda'), work, both)).toBe('cuda');
  expect(() => backendFor('cpu', on('cuda'), work, both)).toThrow(
    'Unusable backend "cpu": the device batch is on "cuda"; upload it with backend: "cpu", or leave backend at "auto"',
  );
  expect(() => backendFor('gpu', on('cpu'), work)).toThrow('this build has "auto"');
  for (const wanted of [undefined, 'auto', 'cuda', 'cpu'])
    expect(() => backendFor(wanted, on('cuda'), { ...work, needs: ['keep', 'blend'] }, lacking)).toThrow(
      'Unusable backend "cuda": it lacks blend, and the device batch is there; upload the batch with backend: "cpu"',
    );
});

test("'auto' passes over what lacks something that the call needs, and by name that is refused", () => {
  const needing = (...needs: string[]) => ({ ...RESIDENT_WORK, needs });
  expect(pickBackend('auto', needing('fine-grained', 'paste', 'uint8'), lacking)).toBe('cuda');
  expect(pickBackend('cuda', needing('fine-grained', 'paste', 'uint8'), lacking)).toBe('cuda');
  for (const name of ['spectral-residual', 'blend', 'float16']) {
    const work = needing('keep', name, 'paste');
    for (const wanted of [undefined, 'auto', 'cpu']) expect(pickBackend(wanted, work, lacking)).toBe('cpu');
    expect(() => pickBackend('cuda', work, lacking)).toThrow(
      `Unusable backend "cuda": it lacks ${name}; use "cpu", or leave backend at "auto"`,
    );
  }
  expect(() => pickBackend('auto', needing('blend', 'float16'), lacking.slice(0, 1))).toThrow(
    'none is available: cuda (it lacks blend, float16)',
  );
});

test("'auto' passes over cards of a kind that is not tested, which can be had by name", () => {
  const untested = [{ ...there('cuda'), auto: false }, there('cpu')];
  expect(pickBackend('auto', RESIDENT_WORK, untested)).toBe('cpu');
  expect(pickBackend('cuda', RESIDENT_WORK, untested)).toBe('cuda');
  expect(() => pickBackend('auto', RESIDENT_WORK, untested.slice(0, 1))).toThrow(
    'none is available: cuda (it has not been tested, as it is now, on this compute capability)',
  );
  expect(isTested({ name: 'cuda', level: 'sm_90' })).toBe(true);
  for (const level of ['sm_75', 'sm_89', 'sm_100', 'none'])
    expect(isTested({ name: 'cuda', level })).toBe(false);
  expect(isTested({ name: 'cpu', level: 'whatever' })).toBe(true);
});

test('every compute capability that counts as tested has the measurements that show it', () => {
  const listed = Object.entries(tested.cuda);
  for (const [level, file] of listed) {
    const results = JSON.parse(readFileSync(resolve(__dirname, '..', '..', file), 'utf8')) as {
      dryRun: boolean;
      environment: { about: string };
      lines: { kind: string; checked?: string }[];
    };
    const capability = level.replace(/^sm_(\d+)(\d)$/, '$1.$2');
    expect(results.environment.about).toContain(`compute capability ${capability},`);
    expect(results.dryRun).toBe(false);
    const jobs = results.lines.filter(({ kind }) => kind === 'job');
    expect(jobs.length).toBeGreaterThan(0);
    for (const { checked } of jobs) expect(checked).toMatch(/ the cpu backend's$/);
  }
});

test('what mixers and searches need', () => {
  const options = { ...DEFAULTS, saliency: 'frequency-tuned' } as const;
  expect(mixingWork(9, [{ ...options, method: 'saliencymix' }])).toEqual({
    pixels: 9,
    saliency: true,
    needs: ['frequency-tuned', 'paste', 'keep'],
  });
  const others = [
    { ...options, method: 'mixup' },
    { ...options, method: 'none' },
  ] as const;
  expect(mixingWork(9, others)).toEqual({ pixels: 9, saliency: false, needs: ['blend', 'keep'] });
  // The names that these lists are made of are all different.
  const names = [...nativeMethods, ...kinds, ...dtypes];
  expect(new Set(names).size).toBe(names.length);
});

test('what the backends of this build lack', () => {
  const found = Object.fromEntries(backends().map((backend) => [backend.name, backend]));
  expect(found.cpu).toMatchObject({ auto: true, lacks: [] });
  const { lacks, reason } = found.cuda;
  if (reason?.includes('no CUDA code')) {
    for (const name of [...nativeMethods, ...kinds, ...dtypes]) expect(lacks).toContain(name);
  } else {
    // Its kernels are written method by method, for every kind and dtype.
    const methods: string[] = ['fine-grained', 'spectral-residual', 'frequency-tuned', 'sobel'];
    expect(lacks).toEqual(nativeMethods.filter((name) => !methods.includes(name)));
  }
});

test('which mixers look for what is salient', () => {
  const options = { method: 'saliencymix', saliency: 'fine-grained', probability: 1 } as const;
  expect(usesNativeSaliency(options)).toBe(true);
  expect(usesNativeSaliency({ ...options, saliency: 'frequency-tuned', probability: 0.1 })).toBe(true);
  expect(usesNativeSaliency({ ...options, saliency: 'learned' })).toBe(false);
  expect(usesNativeSaliency({ ...options, probability: 0 })).toBe(false);
  for (const method of ['cutmix', 'mixup', 'cutout', 'none'] as const)
    expect(usesNativeSaliency({ ...options, method })).toBe(false);
});

test('results say where they were made', async () => {
  const batch = noise(1, [2, 8, 8, 3]);
  const labels = classNumbers(2, 2);
  const cpu = backends().at(-1) as Backend;
  const small = { backend: 'cpu', level: cpu.level };
  expect(cpu.name).toBe('cpu');
  expect(await saliency(batch)).toMatchObject(small);
  expect(await createMixer({ classes: 2 }).mix(batch, labels)).toMatchObject(small);
  const either = oneOf([
    [{ method: 'mixup', classes: 2 }, 1],
    [{ method: 'saliencymix' }, 1],
  ]);
  expect(await either.mix(batch, labels)).toMatchObject(small);
});
