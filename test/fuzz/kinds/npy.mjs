/** NumPy's arrays as augment writes them. */
import { changeBytes, NUMBERS } from '../lib/bytes.mjs';
import { readData } from '../lib/data.mjs';

function array(descr, shape, bytes, { version = 1, text } = {}) {
  const dict =
    text ??
    `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`;
  const head = version === 1 ? 10 : 12;
  const padded = Buffer.from(
    dict.padEnd(Math.ceil((head + dict.length + 1) / 64) * 64 - head - 1) + '\n',
    'latin1',
  );
  const begin = Buffer.concat([
    Buffer.from('\x93NUMPY', 'latin1'),
    Buffer.from([version, 0]),
    Buffer.alloc(version === 1 ? 2 : 4),
  ]);
  if (version === 1) begin.writeUInt16LE(padded.length, 8);
  else begin.writeUInt32LE(padded.length, 8);
  return Buffer.concat([begin, padded, bytes]);
}

const floats = (values) => Buffer.from(Float32Array.from(values).buffer);

const seeds = async () => [
  {
    name: 'one',
    files: {
      'images-0.npy': array('|u1', [3, 4, 5, 3], Buffer.alloc(180, 77)),
      'labels-0.npy': array('<f4', [3, 2], floats([1, 0, 0.25, 0.75, 0.5, 0.5])),
      'run.json': Buffer.from(JSON.stringify({ tool: 'saliencymix', settings: { classes: ['cat', 'dog'] } })),
    },
    options: {},
  },
  {
    name: 'two',
    files: {
      'images-a.npy': array('|u1', [2, 6, 6, 3], Buffer.alloc(216, 1), { version: 2 }),
      'labels-a.npy': array('<f4', [2, 3], floats([1, 0, 0, 0, 0, 1])),
      'images-b.npy': array('|u1', [1, 6, 6, 3], Buffer.alloc(108, 9)),
      'labels-b.npy': array('<f4', [1, 3], floats([0, 1, 0])),
    },
    options: {},
  },
];

const FLOATS = [0, -0, -1, 1e-30, 1e30, Infinity, -Infinity, NaN, 0.5, 2];
const TYPES = ['|u1', '<f4', '>f4', '<f8', '|i1', '<f2', '|O', '|V3', '<U4'];

/** Another header over the same bytes, or other weights. */
function form(random, path) {
  const isImages = path.startsWith('images');
  const side = () => (random.oneIn(2) ? random.below(7) : random.pick([...NUMBERS, 2 ** 53, 1e21]));
  const shape = Array.from({ length: random.oneIn(4) ? random.below(6) : isImages ? 4 : 2 }, side);
  if (isImages && random.oneIn(2)) shape[shape.length - 1] = 3;
  const descr = random.oneIn(3) ? random.pick(TYPES) : isImages ? '|u1' : '<f4';
  const count = Math.min(
    20_000,
    shape.reduce((a, b) => a * b, 1),
  );
  const content = isImages
    ? Buffer.alloc(count, 3)
    : floats(Array.from({ length: count }, () => (random.oneIn(5) ? random.pick(FLOATS) : random.below(2))));
  const text = random.oneIn(6)
    ? random.pick([
        '',
        '{}',
        "{'descr': [('a', '<f4')], 'shape': (1,)}",
        "{'descr': '|u1', 'fortran_order': True, 'shape': (1, 1, 1, 3)}",
        `{'shape': (${'1,'.repeat(400)})}`,
      ])
    : undefined;
  return array(descr, shape, content, { version: random.pick([1, 1, 2, 3]), text });
}

function change(random, seed) {
  const files = { ...seed.files };
  const path = random.pick(Object.keys(files));
  const which = random.below(8);
  if (which === 0) delete files[path];
  else if (which < 4 && path.endsWith('.npy')) {
    files[path] = form(random, path);
    // Labels that fit the images, so that what is in them is looked at.
    if (path.startsWith('images') && random.oneIn(2)) {
      const rows = Number(/\((\d+),/.exec(files[path].toString('latin1', 0, 200))?.[1] ?? 1);
      const count = Math.min(rows, 1000);
      files[path.replace('images', 'labels')] = array(
        '<f4',
        [count, 2],
        floats(Array.from({ length: 2 * count }, () => random.pick(FLOATS))),
      );
    }
  } else files[path] = changeBytes(random, files[path]);
  return {
    files,
    options: {
      size: random.pick([[24, 24], 'auto', 'keep']),
      mix: random.oneIn(4),
      format: random.oneIn(4) ? 'npy' : undefined,
    },
  };
}

const run = (folder, { size, mix, ...options }) =>
  readData({ ...options, path: folder }, { size: size ?? 'auto', mix });

export const npy = { seeds, change, run };
