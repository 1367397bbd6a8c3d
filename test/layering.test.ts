/** The folder plan, held against the import and #include lines. An arrow that points up fails here. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

const ROOT = resolve(__dirname, '..');

function files(folder: string, ending: RegExp): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return files(path, ending);
    return ending.test(entry.name) ? [path] : [];
  });
}

/** The floor: src/*.ts but index.ts. */
const ALLOWED: Record<string, string[]> = {
  floor: ['floor'],
  native: ['floor', 'native'],
  onnx: ['floor', 'native', 'onnx'],
  saliency: ['floor', 'native', 'onnx', 'saliency'],
  device: ['floor', 'native', 'saliency', 'device'],
  mix: ['floor', 'native', 'saliency', 'device', 'mix'],
  operations: ['floor', 'native', 'operations'],
  data: ['floor', 'native', 'device', 'operations', 'data'],
  report: ['floor', 'report'],
  run: ['floor', 'native', 'saliency', 'mix', 'data', 'run'],
  augment: ['floor', 'native', 'saliency', 'mix', 'operations', 'data', 'report', 'run', 'augment'],
  graph: ['floor', 'graph'],
  models: ['floor', 'graph', 'models'],
  train: [
    'floor',
    'native',
    'saliency',
    'device',
    'mix',
    'operations',
    'data',
    'report',
    'run',
    'onnx',
    'graph',
    'models',
    'train',
  ],
  experiments: ['floor', 'saliency', 'mix', 'data', 'report', 'run', 'augment', 'train', 'experiments'],
  cli: [
    'floor',
    'native',
    'saliency',
    'mix',
    'operations',
    'data',
    'report',
    'run',
    'augment',
    'models',
    'train',
    'experiments',
    'cli',
  ],
  index: ['floor', 'native', 'saliency', 'device', 'mix', 'operations', 'data', 'augment'],
};

function folderOf(path: string): string {
  const [first, ...rest] = relative(join(ROOT, 'src'), path).split(sep);
  if (rest.length > 0) return first;
  return first === 'index.ts' ? 'index' : 'floor';
}

interface Import {
  from: string;
  what: string;
}

const imports: Import[] = files(join(ROOT, 'src'), /\.ts$/).flatMap((path) => {
  const text = readFileSync(path, 'utf8');
  const found = text.matchAll(/(?:\bfrom|\bimport|\brequire(?:\.resolve)?\(|\bimport\()\s*'([\w@./:-]+)'/g);
  return [...found].map(([, what]) => ({ from: path, what }));
});

const inside = imports.filter(({ what }) => what.startsWith('.'));
const outside = imports.filter(({ what }) => !what.startsWith('.') && !what.startsWith('node:'));

test('folders import downwards only', () => {
  expect(inside.length).toBeGreaterThan(80);
  const wrong = inside.filter(({ from, what }) => {
    const to = folderOf(`${resolve(dirname(from), what)}.ts`);
    return !ALLOWED[folderOf(from)].includes(to);
  });
  expect(wrong.map(({ from, what }) => `${relative(ROOT, from)} imports ${what}`)).toEqual([]);
});

/** Throws where a path of these edges comes back to where it was. */
function expectNoCircle(edges: Map<string, string[]>): void {
  const done = new Set<string>();
  const walk = (path: string, trail: string[]): void => {
    if (trail.includes(path)) throw new Error([...trail, path].map((p) => relative(ROOT, p)).join(' -> '));
    if (done.has(path)) return;
    for (const next of edges.get(path) ?? []) walk(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) walk(path, []);
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

test('no import goes round in a circle, of types neither', () => {
  const edges = new Map<string, string[]>();
  for (const { from, what } of inside) {
    const base = resolve(dirname(from), what);
    const to = [`${base}.ts`, join(base, 'index.ts')].filter(isFile);
    edges.set(from, [...(edges.get(from) ?? []), ...to]);
  }
  expect([...edges.values()].flat().length).toBeGreaterThan(80);
  expectNoCircle(edges);
});

test('one gate per third party', () => {
  const gates: Record<string, string[]> = {};
  for (const { from, what } of outside) {
    const who = what.startsWith('@saliencymix/') ? '@saliencymix' : what;
    (gates[who] ??= []).push(relative(join(ROOT, 'src'), from));
  }
  for (const who of Object.keys(gates)) gates[who] = [...new Set(gates[who])].toSorted();
  expect(gates).toEqual({
    '@saliencymix': ['native/prebuilt.ts'],
    '@expo-google-fonts/dm-mono/400Regular/DMMono_400Regular.ttf': ['report/canvas.ts'],
    commander: [
      'cli/augment.ts',
      'cli/build.ts',
      'cli/cam.ts',
      'cli/demo-train.ts',
      'cli/demo.ts',
      'cli/evaluate.ts',
      'cli/experiment.ts',
      'cli/info.ts',
      'cli/labels.ts',
      'cli/main.ts',
      'cli/robustness.ts',
      'cli/run.ts',
      'cli/saliency.ts',
      'cli/train.ts',
    ],
    'fastest-levenshtein': ['check.ts'],
    'onnxruntime-node': ['onnx/runtime.ts'],
    'onnxruntime-node/package.json': ['onnx/library.ts', 'run/environment.ts'],
    protobufjs: ['graph/onnx.ts', 'onnx/model-file.ts', 'report/events.ts'],
    sharp: ['data/codec.ts', 'sharp.ts'],
    'tar-stream': ['augment/writers/webdataset.ts'],
    'uplot/LICENSE': ['report/training-page.ts'],
    'uplot/dist/uPlot.iife.min.js': ['report/training-page.ts'],
    'uplot/dist/uPlot.min.css': ['report/training-page.ts'],
  });
});

const nativeSources = files(join(ROOT, 'native'), /\.(cc|cuh?|h|inc|def)$/).map((path) => ({
  path,
  name: relative(join(ROOT, 'native'), path).split(sep).join('/'),
  included: [
    ...readFileSync(path, 'utf8').matchAll(/#include (?:"([^"]+)"|<(napi\.h|node_api\.h|cuda[^>]*)>)/g),
  ].map(([, own, other]) => own ?? other),
}));

test('native code: core knows nobody, cpu and binding only what lies below them', () => {
  // By folder, the longer name first.
  const allowed: [string, RegExp][] = [
    ['core/', /^core\//],
    ['threads/', /^threads\//],
    ['memory/', /^memory\//],
    ['cpu/', /^(core|threads|memory|cpu)\//],
    ['train/', /^(core|threads|memory|cpu|train)\//],
    ['cuda/card/', /^(core|threads|cuda)\/|^cuda_(runtime|fp16)\.h$/],
    ['cuda/train/', /^(core|cuda|train)\//],
    ['cuda/', /^(core|threads|cuda)\//],
    ['jpeg/', /^(core|jpeg)\//],
    ['ort/', /^((train|ort)\/|core\/resident\.h$|cuda\/train\/operators\.h$)/],
    ['binding/', /^((core|threads|memory|jpeg|ort|binding)\/|backends\.h$|napi\.h$)/],
    ['', /^((core|cpu|cuda)\/|backends\.h$)/],
  ];
  const wrong = nativeSources.flatMap(({ name, included }) => {
    const [, rule] = allowed.find(([folder]) => name.startsWith(folder))!;
    return included.filter((what) => !rule.test(what)).map((what) => `${name} includes ${what}`);
  });
  expect(nativeSources.length).toBeGreaterThan(15);
  expect(wrong).toEqual([]);
});

test('no #include goes round in a circle', () => {
  const edges = nativeSources.map(({ path, included }): [string, string[]] => [
    path,
    included.map((what) => join(ROOT, 'native', what)).filter(isFile),
  ]);
  expect(edges.flatMap(([, to]) => to).length).toBeGreaterThan(80);
  expectNoCircle(new Map(edges));
});

test('every native source is in the one list that both builds read; CUDA code is two sources', () => {
  expect(files(join(ROOT, 'native'), /\.cu$/).map((path) => relative(ROOT, path))).toEqual([
    join('native', 'cuda', 'backend.cu'),
    join('native', 'cuda', 'train', 'card.cu'),
  ]);
  const listed = readFileSync(join(ROOT, 'native', 'sources.txt'), 'utf8')
    .trim()
    .split('\n')
    .toSorted();
  const there = files(join(ROOT, 'native'), /\.cc$/).map((path) => relative(ROOT, path).split(sep).join('/'));
  expect(listed).toEqual(there.toSorted());
});

// The linker keeps one copy of a weak symbol: a template that a level of vector code instantiates could become everybody's.
(process.platform === 'linux' ? test : test.skip)(
  'a level of vector code shares no function with the others',
  () => {
    const objects = files(join(ROOT, 'build'), /^(avx\w*|portable)(\.cc)?\.o$/).filter(
      (path) => path.includes(`${sep}levels${sep}`) && !/native-tests|sanitized/.test(path),
    );
    expect(objects.length).toBeGreaterThanOrEqual(process.arch === 'x64' ? 3 : 1);
    const listed = spawnSync('nm', ['-C', ...objects], { encoding: 'utf8' });
    expect(listed.stdout).toMatch(/ [rRD] .*avx2::kernels|portable::kernels/);
    const weak = listed.stdout.split('\n').filter((line) => / [WVu] /.test(line));
    expect(weak.filter((line) => !/::(avx512|avx2|portable)::/.test(line))).toEqual([]);
  },
);

test('files are one idea: under 400 lines', () => {
  const long = [...files(join(ROOT, 'src'), /\.ts$/), ...files(join(ROOT, 'native'), /\.(cc|cuh?|h|inc)$/)]
    .map((path) => ({ path: relative(ROOT, path), lines: readFileSync(path, 'utf8').split('\n').length }))
    .filter(({ lines }) => lines > 400);
  expect(long).toEqual([]);
});
