// node scripts/card/run.mjs one|two <folder>: on the machine with the card, the steps of a part. Each may take its time and no
// more, all run, also after one that failed. Leaves card-<part>.json, what each step measured, and what it printed.
import { spawn, spawnSync } from 'node:child_process';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  copyFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './parts.mjs';

const [part, results] = process.argv.slice(2);
const isTrial = Boolean(process.env.SALIENCYMIX_CARD_HOST);
const commit = process.env.SALIENCYMIX_COMMIT ?? 'unknown';
const node = process.execPath;
const out = (name) => join(results, name);
const script = (...words) => [node, words];

/** What start.sh has unpacked, if images were packed. */
const IMAGES = join(ROOT, '.card', 'two', 'images');

/** Libraries of the CUDA provider, where PyTorch's packages or the toolkit have them. */
const LIBRARIES = [
  'libcublasLt.so.13',
  'libcublas.so.13',
  'libcudart.so.13',
  'libcurand.so.10',
  'libcufft.so.12',
  'libcudnn.so.9',
];

function cudaEnvironment() {
  const folders = ['/opt', '/usr/local', '/usr/lib'].filter(existsSync);
  const { stdout } = spawnSync(
    'find',
    [...folders, '(', ...LIBRARIES.flatMap((name) => ['-o', '-name', name]).slice(1), ')'],
    {
      encoding: 'utf8',
    },
  );
  const found = LIBRARIES.map((name) => stdout.split('\n').find((path) => path.endsWith(`/${name}`)));
  const missing = LIBRARIES.filter((_, i) => found[i] === undefined);
  if (missing.length > 0) console.log(`not found: ${missing.join(', ')}`);
  // cuDNN's frontend asks for the name without a number.
  const links = join(ROOT, 'build', 'card-libraries');
  mkdirSync(links, { recursive: true });
  const [cudnn] = found.slice(-1);
  if (cudnn && !existsSync(join(links, 'libcudnn.so'))) symlinkSync(cudnn, join(links, 'libcudnn.so'));
  const places = [links, ...found.filter(Boolean).map((path) => path.slice(0, path.lastIndexOf('/')))];
  return { LD_LIBRARY_PATH: [...new Set(places), process.env.LD_LIBRARY_PATH].filter(Boolean).join(':') };
}

const training = (by, name) =>
  script(
    'benchmarks/gpu/training/run.mjs',
    '--by',
    by,
    '--commit',
    commit,
    '--out',
    out(name),
    ...(isTrial ? ['--host', '--steps', '3'] : []),
  );

const STEPS = {
  one: [
    {
      name: 'tests of the backend',
      seconds: 240,
      command: isTrial
        ? script('node_modules/jest/bin/jest.js', '--config', 'jest.gpu.config.js')
        : script('scripts/gpu-tests.mjs'),
      environment: isTrial ? { SALIENCYMIX_GPU_TEST_BACKEND: 'cpu' } : {},
    },
    {
      name: 'benchmark of the backend',
      seconds: 150,
      command: script(
        'benchmarks/gpu/run.mjs',
        '--quick',
        '--commit',
        commit,
        '--out',
        out('gpu-bench.json'),
        ...(isTrial ? ['--host'] : []),
      ),
    },
    {
      name: 'tests of training by WebGPU',
      seconds: 100,
      command: script('node_modules/jest/bin/jest.js', '--config', 'jest.webgpu.config.js'),
    },
    {
      name: 'training by WebGPU',
      seconds: 120,
      command: training('webgpu,pytorch', 'gpu-training-webgpu.json'),
    },
  ],
  two: [
    {
      name: 'batches that stay on the card',
      seconds: 150,
      // 10 000 steps
      command: script('test/cuda/on-device.cjs', '.', ...(isTrial ? ['cpu', '1'] : ['cuda', '500'])),
      environment: cudaEnvironment,
    },
    {
      name: '200 steps on images, there and on the processor',
      seconds: 150,
      command: script(
        'scripts/card/curves.mjs',
        existsSync(IMAGES) ? IMAGES : 'demo',
        ...(isTrial ? ['cpu', '4', '8'] : ['cuda', '200', '128']),
      ),
      environment: cudaEnvironment,
    },
    {
      name: 'training by CUDA',
      seconds: 150,
      command: training('cuda', 'gpu-training-cuda.json'),
      environment: cudaEnvironment,
    },
  ],
};

const log = createWriteStream(out(`card-${part}.log`));

/** Resolves with the exit code; what the command prints is shown and kept. */
function run([command, words], seconds, environment) {
  return new Promise((done) => {
    const env = { ...process.env, ...environment };
    const child = spawn(command, words, {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => {
        process.stdout.write(text);
        log.write(text);
      });
    const end = () => {
      // The whole group: what the step has started would go on.
      try {
        process.kill(-Number(child.pid), 'SIGKILL');
      } catch {
        // It has ended.
      }
    };
    const timer = setTimeout(end, seconds * 1000);
    child.on('error', () => done(127));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      done(signal ?? code);
    });
  });
}

const card = spawnSync('nvidia-smi', ['--query-gpu=name,driver_version', '--format=csv,noheader'], {
  encoding: 'utf8',
});
const report = {
  date: new Date().toISOString(),
  commit,
  isTrial,
  card: card.stdout?.trim() || 'no card',
  steps: [],
};
for (const { name, seconds, command, environment = {} } of STEPS[part]) {
  console.log(`\n=== ${name}`);
  const start = performance.now();
  const extra = typeof environment === 'function' ? environment() : environment;
  const ended = await run(command, isTrial ? 10 * seconds : seconds, extra);
  const took = Math.round((performance.now() - start) / 100) / 10;
  report.steps.push({ name, seconds: took, ended });
  console.log(`=== ${name}: ${ended === 0 ? 'passed' : `ENDED WITH ${ended}`} in ${took} s`);
  writeFileSync(out(`card-${part}.json`), `${JSON.stringify(report, null, 1)}\n`);
}
// The tests of the backend name their results themselves.
const kept = join(ROOT, 'benchmarks', 'results');
if (part === 'one' && existsSync(kept))
  for (const name of readdirSync(kept).filter((one) => one.startsWith('gpu-tests-') && one.includes(commit)))
    copyFileSync(join(kept, name), out('gpu-tests.json'));
const failed = report.steps.filter(({ ended }) => ended !== 0).map(({ name }) => name);
const all = report.steps.reduce((sum, { seconds }) => sum + seconds, 0);
console.log(
  `\n${report.card}: ${report.steps.length - failed.length} of ${report.steps.length} steps passed in ${Math.round(all)} s${failed.length > 0 ? `; not: ${failed.join(', ')}` : ''}`,
);
log.end(() => process.exit(failed.length > 0 ? 1 : 0));
