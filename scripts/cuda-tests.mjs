// npm run test:cuda: the tests of test/cuda. With ONNX Runtime's CUDA provider and libraries that stand in for those of a card
// (fake-cuda.mjs), made in .cache/fake-cuda; and with an addon that has the host in place of a card (host-card.mjs), in
// .cache/host-card. Words after the name go to jest. The addon must have been built with nvcc.
import { spawnSync } from 'node:child_process';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(fileURLToPath(import.meta.url), '..', '..');
const folder = join(root, '.cache', 'fake-cuda');
const run = (args, env = {}) =>
  spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } }).status;

for (const [script, made] of [
  ['fake-cuda.mjs', folder],
  ['host-card.mjs', join(root, '.cache', 'host-card')],
])
  if (run([join(root, 'scripts', script), made]) !== 0) process.exit(1);
const libraries = [join(folder, 'lib'), process.env.LD_LIBRARY_PATH].filter(Boolean).join(delimiter);
const jest = [
  join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
  '--config',
  join(root, 'jest.cuda.config.js'),
];
const environment = { SALIENCYMIX_ORT: join(folder, 'ort'), LD_LIBRARY_PATH: libraries };
process.exit(run([...jest, ...process.argv.slice(2)], environment) ?? 1);
