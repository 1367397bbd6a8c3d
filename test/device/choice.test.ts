/** Which backend 'auto' means: lists of backends as data. */
import { backends, createMixer, oneOf, saliency } from '../../src';
import { asksSaliency } from '../../src/mix/index';
import { type Backend, backendFor, pickBackend, STAYS } from '../../src/native/backends';
import type { Resident } from '../../src/native/resident';
import { classNumbers, noise } from '../batches';

const there = (name: string): Backend => ({
  name,
  description: name,
  available: true,
  level: 'one',
  levels: ['one'],
});
const missing = (name: string, reason: string): Backend => ({
  ...there(name),
  available: false,
  reason,
  levels: [],
});

const both = [there('cuda'), there('cpu')];
const noCard = [missing('cuda', 'no driver'), there('cpu')];
const MEBI = 2 ** 20;

test.each([
  ['saliency of a large batch', { pixels: MEBI, saliency: true }, 'cuda'],
  ['saliency of a smaller one', { pixels: MEBI - 1, saliency: true }, 'cpu'],
  ['mixing alone', { pixels: 64 * MEBI, saliency: false }, 'cpu'],
  ['pixels that stay there', STAYS, 'cuda'],
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
  const pick = (wanted: unknown, all: Backend[], work = STAYS) => pickBackend(wanted, work, all);
  const none = [missing('cuda', 'no driver'), missing('cpu', 'no such level')];
  expect(() => pick('cuda', noCard)).toThrow('Unusable backend "cuda": not available here: no driver');
  expect(() => pick('gpu', both)).toThrow('Unusable backend "gpu": this build has "auto", "cuda", "cpu"');
  expect(() => pick('auto', none)).toThrow('none is available: cuda (no driver), cpu (no such level)');
  const small = { pixels: 1, saliency: true };
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
  const work = { pixels: 1, saliency: false };
  const on = (backend: string) => ({ resident: { backend } as Resident });
  for (const wanted of [undefined, 'auto', 'cpu']) expect(backendFor(wanted, on('cpu'), work)).toBe('cpu');
  for (const wanted of [undefined, 'auto']) expect(backendFor(wanted, on('cuda'), work)).toBe('cuda');
  expect(() => backendFor('cpu', on('cuda'), work)).toThrow(
    'Unusable backend "cpu": the device batch is on "cuda"; upload it with backend: "cpu", or leave backend at "auto"',
  );
  expect(() => backendFor('gpu', on('cpu'), work)).toThrow('this build has "auto"');
});

test('which mixers look for what is salient', () => {
  const options = { method: 'saliencymix', saliency: 'fine-grained', probability: 1 } as const;
  expect(asksSaliency(options)).toBe(true);
  expect(asksSaliency({ ...options, saliency: 'frequency-tuned', probability: 0.1 })).toBe(true);
  expect(asksSaliency({ ...options, saliency: 'learned' })).toBe(false);
  expect(asksSaliency({ ...options, probability: 0 })).toBe(false);
  for (const method of ['cutmix', 'mixup', 'cutout', 'none'] as const)
    expect(asksSaliency({ ...options, method })).toBe(false);
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
