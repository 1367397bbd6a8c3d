/**
 * WebDatasets with drawn labels in all forms that they come in, faulty ones between them, whose truth is known: every
 * image is an item with the right class and weights, or a named problem, or counted as belonging to another image.
 */
import { tar } from '../../src/data/datasets/tar';
import type { DatasetSource } from '../../src/data/source';
import { failure, put, tarOf, type TarEntry, temporaryFolder } from './fixtures';

const temporary = temporaryFolder();

/** Numbers from 0 to below `count`, the same for a seed. */
function drawer(seed: number) {
  let state = (Math.imul(seed + 1, 2654435761) ^ 0x9e3779b9) >>> 0;
  return (count: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * count);
  };
}

type Draw = ReturnType<typeof drawer>;
const pick = <T>(draw: Draw, from: readonly T[]): T => from[draw(from.length)];

const KEYS = ['label', 'labels', 'cls', 'class', 'class_id', 'label_name', 'target'] as const;
const NAMES = ['café', 'cow', 'dog', 'eel', 'great white shark', 'n01440764'] as const; // ordered by bytes
const NAMES_SORTED = ['café', 'cow', 'dog', 'eel', 'great white shark', 'n01440764'];
const EXTENSIONS = ['jpg', 'PNG', 'webp', 'jpeg'] as const;

type Kind = 'number' | 'name' | 'weights';

/** A label file: what follows the key, and its content. */
type File = [ending: string, content: string | Uint8Array];

/** Text as some editor saves it. */
function saved(draw: Draw, text: string): string | Uint8Array {
  const whole = `${pick(draw, ['', '\ufeff'])}${text}${pick(draw, ['', '\n', '\r\n', ' \n'])}`;
  return draw(6) === 0 ? Buffer.from(`\ufeff${text}`, 'utf16le') : whole;
}

const json = (draw: Draw, value: unknown): string | Uint8Array =>
  saved(draw, JSON.stringify({ width: 3, [pick(draw, KEYS)]: value }));

function numberFile(draw: Draw, label: number): File {
  if (draw(2) === 0) return ['json', json(draw, pick(draw, [label, [label], String(label)]))];
  return ['cls', saved(draw, pick(draw, [`${label}`, `${label}.0`, `0${label}`, `+${label}`]))];
}

function nameFile(draw: Draw, label: number): File {
  const name = NAMES[label].normalize(pick(draw, ['NFC', 'NFD']));
  if (draw(2) === 0) return ['json', json(draw, pick(draw, [name, [name], ` ${name} `]))];
  return ['cls', saved(draw, pick(draw, [name, `"${name}"`]))];
}

/** Weights and their file; the largest is that of the label. */
function weightsFile(draw: Draw, label: number, count: number): { file: File; soft: number[] } {
  const one = Array.from({ length: count }, (_, k) => (k === label ? 1 : 0));
  const form = pick(draw, ['one', 'several', 'soft'] as const);
  const later = one.map((weight, k) => (k > label && draw(2) === 0 ? 1 : weight));
  const spread = one.map((weight) => weight * 0.5 + 0.5 / count);
  const given = { one, several: later, soft: spread }[form];
  const sum = given.reduce((total, weight) => total + weight, 0);
  const ending = draw(3) === 0 ? 'cls' : 'json';
  const content = ending === 'json' ? json(draw, given) : saved(draw, JSON.stringify(given));
  return { file: [ending, content], soft: given.map((weight) => weight / sum) };
}

/** Files of which no class can be had, whatever the others have. */
function faulty(draw: Draw): File {
  return pick<File>(draw, [
    ['cls', '-1'],
    ['cls', ''],
    ['cls', '1\n2'],
    ['cls', '2.5'],
    ['cls', 'x'.repeat(300)],
    ['json', '{"label": -1}'],
    ['json', '{"label": null}'],
    ['json', '{"label": [0, 0, 0]}'],
    ['json', '{"label": [3, 7, 9]}'],
    ['json', '{"label": 1'],
    ['json', '{"caption": "no label"}'],
    ['json', '{"label": 1, "cls": 2}'],
    ['txt', 'a text beside labels of other kinds'],
  ]);
}

interface Truth {
  entries: TarEntry[];
  /** By id: class number, and weights. */
  items: Map<string, { label: number; soft?: number[] }>;
  problems: string[];
  /** Images that belong to another. */
  others: number;
  kind: Kind;
}

function drawSet(draw: Draw): Truth {
  const kind = pick(draw, ['number', 'name', 'weights'] as const);
  const count = NAMES.length;
  const truth: Truth = { entries: [], items: new Map(), problems: [], others: 0, kind };
  const folder = pick(draw, ['', 'v1.0/', 'part.a/sub/']);
  const samples = 8 + draw(12);
  for (let i = 0; i < samples; i++) {
    const middle = draw(5) === 0 ? '.v2' : '';
    const key = `${folder}${String(draw(90) + 100 * i).padStart(6, '0')}`;
    const image = `${key}${middle}.${pick(draw, EXTENSIONS)}`;
    const own: TarEntry[] = [{ name: image }];
    const add = ([ending, content]: File) => own.push({ name: `${key}${middle}.${ending}`, content });
    const what =
      i < count ? 'good' : pick(draw, ['good', 'good', 'good', 'faulty', 'merged', 'none'] as const);
    if (what === 'faulty') add(faulty(draw));
    if (what === 'faulty' || what === 'none') truth.problems.push(image);
    else {
      const label = i < count ? i : draw(count); // every class occurs
      const weights = weightsFile(draw, label, count);
      const file = { number: numberFile(draw, label), name: nameFile(draw, label), weights: weights.file }[
        kind
      ];
      add(file);
      if (draw(4) === 0)
        add(file[0] === 'cls' ? ['json', '{"width": 3}'] : ['txt', 'a caption of the image']);
      if (what === 'merged') {
        const rival = `${key}.v3.png`;
        own.push({ name: rival }, { name: `${key}.v3.cls`, content: '0' });
        // A rival beside a plain name is left out alone, beside another rival both are.
        truth.problems.push(...(middle === '' ? [rival] : [image, rival]));
        if (middle === '')
          truth.items.set(image, { label, soft: kind === 'weights' ? weights.soft : undefined });
      } else {
        truth.items.set(image, { label, soft: kind === 'weights' ? weights.soft : undefined });
        if (draw(4) === 0 && middle === '') {
          own.push({ name: `${key}.mask.png` });
          truth.others++;
        }
      }
    }
    truth.entries.push(...own.toSorted(() => draw(3) - 1));
  }
  truth.entries.push(
    { name: 'README.md', content: 'about' },
    { name: `${folder}index.json`, content: '{"label": 1}' },
  );
  return truth;
}

function expectTruth(source: DatasetSource, { items, problems, others, kind }: Truth) {
  expect(source.classes).toEqual(kind === 'name' ? NAMES_SORTED : NAMES.map((_, k) => String(k)));
  const found = source.items.map(({ id, label, soft }) => [
    id,
    { label, soft: soft && Array.from(soft, (weight) => Number(weight.toFixed(5))) },
  ]);
  const expected = [...items].map(([id, { label, soft }]) => [
    id,
    { label, soft: soft?.map((weight) => Number(weight.toFixed(5))) },
  ]);
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
  expect(source.problems.map(({ file }) => file).toSorted()).toEqual(problems.toSorted());
  expect(source.notices ?? []).toEqual(
    others > 0 ? [`${others} .mask.png left out, as they belong to the images of their samples`] : [],
  );
}

test.each(Array.from({ length: 20 }, (_, i) => i))('seeds from %i0', async (ten) => {
  for (let seed = 10 * ten; seed < 10 * ten + 10; seed++) {
    const truth = drawSet(drawer(seed));
    const source = await tar.open({ path: put(temporary, `${seed}.tar`, await tarOf(truth.entries)) });
    try {
      expectTruth(source, truth);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    } finally {
      await source.close();
    }
  }
});

test('two label files of one image that disagree are an error, wherever they are', async () => {
  for (let seed = 0; seed < 100; seed++) {
    const draw = drawer(5000 + seed);
    const truth = drawSet(draw);
    const label = draw(NAMES.length);
    const other = (label + 1 + draw(NAMES.length - 1)) % NAMES.length;
    const one = NAMES.map((_, k) => (k === other ? 1 : 0));
    const [a, b] = {
      number: [`${label}`, JSON.stringify({ label: other })],
      name: [NAMES[label], JSON.stringify({ label: NAMES[other] })],
      weights: [`${label}`, JSON.stringify({ label: one })],
    }[truth.kind];
    const pair = [{ name: '!.jpg' }, { name: '!.cls', content: a }, { name: '!.json', content: b }];
    truth.entries.splice(draw(truth.entries.length), 0, ...pair);
    const error = await failure(
      tar.open({ path: put(temporary, `two-${seed}.tar`, await tarOf(truth.entries)) }),
    );
    expect(error.message).toMatch(/has two labels for one image: .*"!\.cls".*"!\.json"/);
  }
});
