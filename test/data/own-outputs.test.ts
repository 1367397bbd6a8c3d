/** Arrays and labels.jsonl as augmentations write them, changed by hand or damaged. */
import path from 'node:path';
import { openDataset } from '../../src';
import { describeDataset } from '../../src/data/describe';
import { failure, plain, png, put, temporaryFolder } from './fixtures';

const temporary = temporaryFolder();
let count = 0;
const fresh = () => path.join(temporary, `set-${count++}`);

/** An array as NumPy saves it; `header` in place of the right one. */
function npy(descr: string, shape: readonly number[], content: Uint8Array, header?: string): Buffer {
  const text = header ?? `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
  const padded = Buffer.from(`${text.padEnd(117)}\n`, 'latin1');
  const begin = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, padded.length & 255, padded.length >> 8]);
  return Buffer.concat([begin, padded, content]);
}

const floats = (values: readonly number[]) => new Uint8Array(Float32Array.from(values).buffer);

/** Two images of 2 × 2 with these labels, and class names. */
function arrays(labels: readonly number[], { images, classes }: { images?: Buffer; classes?: unknown } = {}) {
  const root = fresh();
  put(root, 'images-0.npy', images ?? npy('|u1', [2, 2, 2, 3], plain(4, 2, [1, 2, 3])));
  put(root, 'labels-0.npy', npy('<f4', [2, labels.length / 2], floats(labels)));
  if (classes) put(root, 'run.json', JSON.stringify({ tool: 'saliencymix', settings: { classes } }));
  return root;
}

const refused = async (root: string, message: RegExp) => {
  const error = await failure(openDataset(root));
  expect(error.code).toBe('DATA');
  expect(error.message).toMatch(message);
};

describe('arrays', () => {
  test('weights that sum to 1 stay as they are; others are divided by their sum', async () => {
    const dataset = await openDataset(arrays([0.25, 0.75, 3, 1]));
    expect(dataset.items.map(({ label, soft }) => [label, ...(soft as Float32Array)])).toEqual([
      [1, 0.25, 0.75],
      [0, 0.75, 0.25],
    ]);
    await dataset.close();
  });

  test.each([
    ['zeros', [1, 0, 0, 0]],
    ['below zero', [1, 0, -1, 2]],
    ['infinite', [1, 0, Infinity, 0]],
    ['no numbers', [1, 0, NaN, 1]],
  ])('a row that is no label: %s', async (_, labels) => {
    await refused(arrays(labels), /labels-0\.npy" has in row 1 \(from 0\) weights that are not finite/);
  });

  test.each([
    [
      'a side of two numbers',
      "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2, 2 2, 3), }",
      /a header that does not say type, shape and order/,
    ],
    ['no header', "{'shape': (2, 2)}", /a header that does not say type, shape and order, where \|u1 with 4/],
    [
      'fields',
      "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}",
      /does not say type, shape/,
    ],
    [
      'one number',
      "{'descr': '|u1', 'fortran_order': False, 'shape': ()}",
      /an array of \|u1, one number, where/,
    ],
    [
      'another order',
      "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2, 2, 3)}",
      /an array of \|u1, 2 × 2 × 2 × 3, in Fortran order, where/,
    ],
    [
      'control characters',
      "{'descr': '\u0001\u001b', 'fortran_order': False, 'shape': (2, 2, 2, 3)}",
      /an array of \\x01\\x1B, 2 × 2 × 2 × 3, where/,
    ],
  ])('a header that says %s', async (_, header, message) => {
    await refused(arrays([1, 0, 0, 1], { images: npy('', [], plain(4, 2, [0, 0, 0]), header) }), message);
  });

  test('images without pixels', async () => {
    const images = npy('|u1', [2, 0, 2, 3], new Uint8Array());
    await refused(
      arrays([1, 0, 0, 1], { images }),
      /images-0\.npy" has the shape 2 × 0 × 2 × 3, of which a row holds nothing/,
    );
  });

  test.each([[['cat', '']], [['cat', 'cat']], [['cat', 3]], [['cat', '\ud800']], [['cat']]])(
    'names of classes that cannot be are numbers: %j',
    async (classes) => {
      const { classes: found } = await describeDataset(arrays([1, 0, 0, 1], { classes }));
      expect(found.map(({ name }) => name)).toEqual(['0', '1']);
    },
  );
});

test('labels.jsonl: weights are divided by their sum, a line without any is refused', async () => {
  const root = fresh();
  for (const name of ['a', 'b']) put(root, `images/${name}.png`, await png(plain(2, 2, [9, 9, 9]), 2, 2));
  const line = (file: string, label: unknown) => `${JSON.stringify({ file: `images/${file}.png`, label })}\n`;
  put(root, 'labels.jsonl', line('a', [0.5, 0.5]) + line('b', [0, 2]));
  const dataset = await openDataset(root);
  expect(dataset.items.map(({ soft }) => [...(soft as Float32Array)])).toEqual([
    [0.5, 0.5],
    [0, 1],
  ]);
  put(root, 'labels.jsonl', `${line('a', [1, 0])}{"file":"","label":[1,0]}\n`);
  await refused(root, /has in line 2 not what belongs there/);
  for (const label of [
    [0, 0],
    [1, null],
    [1, '1'],
    [-1, 2],
    [1e308, 1e308],
  ]) {
    put(root, 'labels.jsonl', line('a', [1, 0]) + line('b', label));
    await refused(
      root,
      /labels\.jsonl" has in line 2 not what belongs there: .*2 weights of at least 0, one of them above/,
    );
  }
});
