/** The types as programs get them: from the built package, through its exports, in each way of resolving modules. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '..');
const TSC = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
const folder = mkdtempSync(join(tmpdir(), 'saliencymix-types-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const installed = join(folder, 'node_modules', 'saliencymix');

beforeAll(() => {
  const { types, exports, files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    types: string;
    exports: unknown;
    files: string[];
  };
  expect(files).toContain('dist');
  mkdirSync(installed, { recursive: true });
  const manifest = { name: 'saliencymix', version: '0.0.0', type: 'commonjs', types, exports };
  writeFileSync(join(installed, 'package.json'), JSON.stringify(manifest));
  cpSync(join(ROOT, 'dist'), join(installed, 'dist'), {
    recursive: true,
    filter: (path) => !path.endsWith('.js'),
  });
  mkdirSync(join(folder, 'node_modules', '@types'));
  symlinkSync(
    dirname(require.resolve('@types/node/package.json')),
    join(folder, 'node_modules', '@types', 'node'),
  );
});

/** How programs are compiled today. */
const RESOLUTIONS = { node16: 'node16', nodenext: 'nodenext', bundler: 'esnext' };

interface Setting {
  moduleResolution: string;
  lib?: string[];
  types?: string[];
}

/** What the compiler says of some files, declarations of the package included; nothing where all is well. */
function compiled(name: string, files: Record<string, string>, setting: Setting): string {
  const place = join(folder, name);
  mkdirSync(place, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(place, file), text);
  const module = RESOLUTIONS[setting.moduleResolution as keyof typeof RESOLUTIONS];
  const compilerOptions = {
    target: 'es2022',
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    module,
    ...setting,
  };
  const config = { compilerOptions, files: Object.keys(files) };
  writeFileSync(join(place, 'tsconfig.json'), JSON.stringify(config));
  const { stdout, status } = spawnSync(process.execPath, [TSC, '-p', place], { encoding: 'utf8' });
  expect(status === 0).toBe(stdout === '');
  return stdout;
}

const pages = ['README.md', 'docs/MIXING.md', 'docs/TRAINING.md', 'docs/DEVICES.md'];
const examples = pages.flatMap((page) =>
  [...readFileSync(join(ROOT, page), 'utf8').matchAll(/```[jt]s\n([\s\S]*?)```/g)].map(([, text]) => text),
);

test.each(Object.keys(RESOLUTIONS))('the pages’ examples compile as TypeScript: %s', (moduleResolution) => {
  expect(examples.length).toBeGreaterThanOrEqual(5);
  const files = Object.fromEntries(examples.map((text, i) => [`example-${i}.mts`, text]));
  expect(compiled(`readme-${moduleResolution}`, files, { moduleResolution, types: ['node'] })).toBe('');
});

/** Each line says what a result's type is: the second half of an `Is` must be that of the first exactly. */
const USES = `
import { applyPlan, createMixer, uploadBatch } from 'saliencymix';
import type { ApplyOptions, ArrayOfDtype, CallOptions, DeviceBatch, Dtype, ImageBatch, Pixels } from 'saliencymix';
import { Trainer, train } from 'saliencymix/train';

type Is<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const sure = <T extends true>(): T | undefined => undefined;

declare const dtype: Dtype;
declare const maybe: 'float32' | undefined;
declare const options: CallOptions;
declare const applying: ApplyOptions;
declare const signal: NonNullable<CallOptions['signal']>;
const batch: ImageBatch = { data: new Uint8Array(192), shape: [1, 8, 8, 3] };
const labels = new Int32Array(1);
const mixer = createMixer({ method: 'cutmix', classes: 2 });

const plain = await mixer.mix(batch, labels);
sure<Is<typeof plain.images.data, Uint8Array>>();
const layout = await mixer.mix(batch, labels, { output: { layout: 'NCHW' }, into: new Uint8Array(192), signal });
sure<Is<typeof layout.images.data, Uint8Array>>();
const float = await mixer.mix(batch, labels, { output: { dtype: 'float32', mean: [0, 0, 0] }, into: new Float32Array(192) });
sure<Is<typeof float.images.data, Float32Array>>();
sure<Is<typeof float.images.dtype, 'float32'>>();
const half = await mixer.mix(batch, labels, { output: { dtype: 'float16' } });
sure<Is<typeof half.images.data, Uint16Array>>();
const either = await mixer.mix(batch, labels, { output: { dtype } });
sure<Is<typeof either.images.data, Uint8Array | Float32Array | Uint16Array>>();
if (either.images.dtype === 'float16') sure<Is<typeof either.images.data, Uint16Array>>();
const perhaps = await mixer.mix(batch, labels, { output: { dtype: maybe } });
sure<Is<typeof perhaps.images, Pixels<'uint8' | 'float32'>>>();
const passed = await mixer.mix(batch, labels, options);
sure<Is<typeof passed.images, Pixels>>();
const generic = async <D extends Dtype>(of: D) => (await mixer.mix(batch, labels, { output: { dtype: of } })).images;
const called = await generic('float32');
sure<Is<typeof called.data, Float32Array>>();

// @ts-expect-error another array than the dtype's
void mixer.mix(batch, labels, { output: { dtype: 'float32' }, into: new Uint8Array(192) });
// @ts-expect-error another array than that of uint8, the default
void mixer.mix(batch, labels, { into: new Float32Array(192) });
// @ts-expect-error no dtype of that name
void mixer.mix(batch, labels, { output: { dtype: 'float64' } });
// @ts-expect-error no option of that name
void mixer.mix(batch, labels, { output: { dtype: 'float32', layuot: 'NCHW' } });

const { plan } = float;
const unchanged = await applyPlan(plan, batch, { fill: 3 });
sure<Is<typeof unchanged, ImageBatch>>();
const applied = await applyPlan(plan, batch, { output: { dtype: 'float32' } });
sure<Is<typeof applied.data, Float32Array>>();
const uint8 = await applyPlan(plan, batch, { output: { layout: 'NCHW' } });
sure<Is<typeof uint8.data, Uint8Array>>();
const one = await applyPlan(plan, batch, { output: { dtype } });
sure<Is<typeof one, Pixels>>();
const whatever = await applyPlan(plan, batch, applying);
sure<Is<typeof whatever, ImageBatch | Pixels>>();
const masks = await applyPlan(plan, { data: new Int32Array(64), shape: [1, 8, 8] });
sure<Is<typeof masks.data, Int32Array<ArrayBuffer>>>();

const device = await uploadBatch(batch);
sure<Is<typeof device, DeviceBatch<'uint8'>>>();
const there = await mixer.mix(device, labels, { output: { dtype: 'float32' } });
const down = await there.images.download({ into: new Float32Array(192) });
sure<Is<typeof down.data, Float32Array>>();
const appliedThere = await applyPlan(plan, device, { output: { dtype: 'float16' }, signal });
sure<Is<typeof appliedThere, DeviceBatch<'float16'>>>();
const stays = await mixer.mix(device, labels, { into: there.images as DeviceBatch });
sure<Is<typeof stays.images, DeviceBatch<'uint8'>>>();
// @ts-expect-error it holds float32
void there.images.download({ into: new Uint8Array(192) });

const trainer: Trainer = await Trainer.resume('checkpoint.safetensors');
await trainer.step({ images: float.images.data, labels: float.labels, learningRate: 0.1 });
void train({ data: 'demo', out: 'run', signal });
export const array: ArrayOfDtype['float16'] = half.images.data;
`;

test.each(Object.keys(RESOLUTIONS))('dtypes that are written out decide the type: %s', (moduleResolution) => {
  expect(compiled(`uses-${moduleResolution}`, { 'uses.mts': USES }, { moduleResolution })).toBe('');
});

test('the language’s own library is enough: no globals of Node or of the browser', () => {
  const bare = { moduleResolution: 'nodenext', lib: ['es2022'], types: [] };
  expect(compiled('bare', { 'uses.mts': USES, 'uses.cts': `export * from 'saliencymix';` }, bare)).toBe('');
});

test('where there are such globals they are the ones: signals, and what `using` asks for', () => {
  const text = `
    import { uploadBatch, saliency } from 'saliencymix';
    const batch = { data: new Uint8Array(192), shape: [1, 8, 8, 3] as const };
    export async function once() {
      using device = await uploadBatch(batch, { signal: AbortSignal.timeout(1000) });
      return device.shape;
    }
    // @ts-expect-error no signal
    void saliency(batch, { signal: 'soon' });
  `;
  for (const [i, lib] of [['esnext'], ['esnext', 'dom']].entries()) {
    const types = i === 0 ? ['node'] : [];
    expect(compiled(`globals-${i}`, { 'uses.mts': text }, { moduleResolution: 'node16', lib, types })).toBe(
      '',
    );
  }
});
