// Projects that use the package with other tools, as users would set them up. Each is installed and its commands are run; what
// they print must contain `prints`. A new one is an entry here.

const MIX = `mix(
  { data: Uint8Array.from({ length: 2 * 8 * 8 * 3 }, (_, i) => i % 251), shape: [2, 8, 8, 3] },
  Int32Array.of(0, 1),
)`;
const MIXED = 'mixed 2,8,8,3';
const print = (made) => `console.log('mixed', ${made}.images.shape.join());`;

const cjs = `const { createMixer } = require('saliencymix');
createMixer({ classes: 2 }).${MIX}.then((made) => { ${print('made')} });\n`;
const esm = `import { createMixer } from 'saliencymix';
import { modelNames } from 'saliencymix/train';
if (!modelNames.includes('resnet20')) throw new Error('no models');
const made = await createMixer({ classes: 2 }).${MIX};
${print('made')}\n`;
const typed = `import { createMixer, type MixedBatch } from 'saliencymix';
export async function mixed(): Promise<MixedBatch> {
  return createMixer({ classes: 2 }).${MIX};
}\n`;
const tsconfig = (module, moduleResolution) =>
  JSON.stringify({
    compilerOptions: {
      strict: true,
      noEmit: true,
      target: 'es2022',
      module,
      moduleResolution,
      types: ['node'],
    },
    include: ['typed.ts'],
  });
const TYPES = ['@types/node@20.19.0'];
const tested = `  const made = await createMixer({ classes: 2 }).${MIX};
  expect(made.images.shape).toEqual([2, 8, 8, 3]);
});\n`;

export const consumers = [
  { name: 'CommonJS', files: { 'a.cjs': cjs }, commands: [['node', 'a.cjs']], prints: MIXED },
  { name: 'ESM', files: { 'a.mjs': esm }, commands: [['node', 'a.mjs']], prints: MIXED },
  {
    name: 'TypeScript, node16 and bundler',
    packages: ['typescript@7.0.2', ...TYPES],
    files: {
      'typed.ts': typed,
      'node16.json': tsconfig('node16', 'node16'),
      'bundler.json': tsconfig('esnext', 'bundler'),
    },
    commands: [
      ['npx', 'tsc', '-p', 'node16.json'],
      ['npx', 'tsc', '-p', 'bundler.json'],
    ],
    prints: '',
  },
  {
    name: 'Jest',
    packages: ['jest@30.5.2'],
    files: {
      'a.test.js': `const { createMixer } = require('saliencymix');\ntest('mixes', async () => {\n${tested}`,
    },
    commands: [['npx', 'jest']],
    prints: '1 passed',
  },
  {
    name: 'Vitest',
    packages: ['vitest@5.1.2'],
    files: {
      'a.test.mjs': `import { createMixer } from 'saliencymix';\nimport { expect, test } from 'vitest';\ntest('mixes', async () => {\n${tested}`,
    },
    commands: [['npx', 'vitest', 'run']],
    prints: '1 passed',
  },
  {
    name: 'esbuild, external',
    packages: ['esbuild@0.28.2'],
    files: { 'a.mjs': esm },
    commands: [
      'npx esbuild a.mjs --bundle --platform=node --format=esm --external:saliencymix --outfile=out.mjs'.split(
        ' ',
      ),
      ['node', 'out.mjs'],
    ],
    prints: MIXED,
  },
  {
    name: 'esbuild, bundled in',
    packages: ['esbuild@0.28.2'],
    files: { 'a.cjs': cjs },
    commands: [
      'npx esbuild a.cjs --bundle --platform=node --external:sharp --external:@saliencymix/* --external:onnxruntime-node --outfile=out.cjs'.split(
        ' ',
      ),
      ['node', 'out.cjs'],
    ],
    fails: true,
    prints: '--external:saliencymix',
  },
  {
    name: 'webpack, external',
    packages: ['webpack@5.113.0', 'webpack-cli@7.3.1'],
    files: {
      'a.js': cjs,
      'webpack.config.js': `module.exports = { mode: 'production', target: 'node', entry: './a.js', externals: { saliencymix: 'commonjs saliencymix' }, output: { filename: 'out.cjs' } };\n`,
    },
    commands: [
      ['npx', 'webpack'],
      ['node', 'dist/out.cjs'],
    ],
    prints: MIXED,
  },
];
