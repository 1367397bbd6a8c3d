// npm run test:gpu: everything that needs a graphics card. Builds the native tests and the addon with CUDA into
// build/gpu-tests, and runs: the native program; its quick selection under compute-sanitizer, and in two processes at once;
// the tests of test/gpu. All steps run, also after one that failed. Results: benchmarks/results/gpu-tests-*.json.
//
// CUDAARCHS names the architectures to build for; unless given, that of the card.
// Words after the name choose steps, e.g. `node scripts/gpu-tests.mjs native jest`; the build is always made.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commitOf } from '../benchmarks/lib/environment.mjs';
import { plain } from '../benchmarks/lib/report.mjs';

const root = resolve(fileURLToPath(import.meta.url), '..', '..');
const require = createRequire(import.meta.url);
const folder = join(root, 'build', 'gpu-tests');
const program = join(folder, 'test', 'native', 'gpu', 'gpu_tests');
const results = join(root, 'benchmarks', 'results');
/** Without `refusal`: a request for memory that is refused is an error to the sanitizer. */
const OF_MIXING = ['parity', 'large', 'ties', 'peaks', 'threads', 'residents', 'cancelled', 'memory'];
const OF_TRAINING = [
  'batchNormAwkwardShapes',
  'poolingAwkwardShapes',
  'unfoldAwkwardShapes',
  'crossEntropyShapes',
  'dropoutShapes',
  'sgdInAllForms',
  'adamwAtSeveralSteps',
  'otherValuesAreChecked',
];
const QUICK = [...OF_MIXING, ...OF_TRAINING, '--quick'];

/** Where a program is: in PATH, or where the CUDA toolkit is usually installed. */
function find(name) {
  const places = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/cuda/bin'];
  return places.map((place) => join(place, name)).find((file) => existsSync(file));
}

function outputOf(command, args) {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : '';
}

/** Resolves with whether the command ended well. What it prints is shown. */
function run(command, args, env = {}) {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
    child.on('error', (error) => {
      console.error(`${command}: ${error.message}`);
      done(false);
    });
    child.on('exit', (code) => done(code === 0));
  });
}

function architectures(hasCard) {
  const given = process.env.CUDAARCHS;
  if (given) return given;
  const [, major, minor] = /version (\d+)\.(\d+)/.exec(outputOf('cmake', ['--version'])) ?? [];
  const knowsNative = Number(major) * 100 + Number(minor) >= 324;
  return hasCard && knowsNative ? 'native' : undefined;
}

async function build(hasCard) {
  const headers = ['node-api-headers', 'node-addon-api'].map((name) => resolve(require(name).include_dir));
  const chosen = architectures(hasCard);
  const settings = [
    '-DSALIENCYMIX_TESTS=ON',
    '-DSALIENCYMIX_CUDA=ON',
    '-DCMAKE_BUILD_TYPE=Release',
    ...(chosen ? [`-DCMAKE_CUDA_ARCHITECTURES=${chosen}`] : []),
    `-DCMAKE_JS_INC=${headers.join(';')}`,
    // The tests of test/gpu load the addon where the package does.
    `-DCMAKE_LIBRARY_OUTPUT_DIRECTORY=${join(root, 'build', 'Release')}`,
  ];
  const targets = ['--target', 'gpu_tests', '--target', 'saliencymix_addon'];
  return (
    (await run('cmake', ['-S', root, '-B', folder, ...settings])) &&
    (await run('cmake', ['--build', folder, '--parallel', String(availableParallelism()), ...targets]))
  );
}

const sanitizer = find('compute-sanitizer');
const sanitized = (tool) => () => {
  return run(sanitizer, ['--tool', tool, '--error-exitcode', '1', program, ...QUICK]);
};

async function twoAtOnce() {
  // Each would see the other's memory go.
  const parts = QUICK.filter((part) => part !== 'memory');
  const both = await Promise.all([run(program, parts), run(program, parts)]);
  return both.every(Boolean);
}

/** The addon that was built runs TypeScript's output too, in worker threads: it must be there. */
async function jest() {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  if (
    !existsSync(join(root, 'dist', 'index.js')) &&
    !(await run(process.execPath, [tsc, '-p', 'tsconfig.build.json']))
  )
    return false;
  const cli = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  return run(process.execPath, [cli, '--config', join(root, 'jest.gpu.config.js')]);
}

const steps = [
  ['native', () => run(program, [])],
  ['memcheck', sanitizer && sanitized('memcheck')],
  ['racecheck', sanitizer && sanitized('racecheck')],
  ['processes', twoAtOnce],
  ['jest', jest],
];

const report = { date: new Date().toISOString(), steps: [] };
async function step(name, go) {
  console.log(`\n=== ${name}`);
  const start = performance.now();
  const passed = await go();
  const seconds = Math.round((performance.now() - start) / 100) / 10;
  console.log(`=== ${name}: ${passed ? 'passed' : 'FAILED'} in ${seconds} s`);
  report.steps.push({ name, seconds, passed });
  return passed;
}

/** What the results depend on. */
function describe(card) {
  const driver = outputOf('nvidia-smi', ['--query-gpu=driver_version', '--format=csv,noheader']).split(
    '\n',
  )[0];
  const { commit, modified } = commitOf(root);
  // A machine that has no git is told.
  Object.assign(report, card, {
    driver: driver || 'unknown',
    commit: process.env.SALIENCYMIX_COMMIT ?? commit,
    modified,
  });
}

/** Beside its place first: a reader never sees half of it. */
function write() {
  const file = join(results, `gpu-tests-${plain(report.device)}-${report.commit}.json`);
  mkdirSync(results, { recursive: true });
  writeFileSync(`${file}.part`, `${JSON.stringify(report, null, 1)}\n`);
  renameSync(`${file}.part`, file);
  return file;
}

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !steps.some(([known]) => known === name));
if (unknown !== undefined) {
  console.error(`gpu-tests: no step "${unknown}"; there are ${steps.map(([name]) => name).join(', ')}`);
  process.exit(2);
}
const hasCard = /^GPU \d/m.test(outputOf('nvidia-smi', ['-L']));
if (!(await step('build', () => build(hasCard)))) process.exit(1);
const card = spawnSync(program, ['card'], { encoding: 'utf8' });
if (card.status !== 0) {
  console.error(`gpu-tests: ${card.stderr.trim()}`);
  process.exit(1);
}
describe(JSON.parse(card.stdout.split('\n').find((line) => line.startsWith('{'))));
if (!sanitizer) console.log('compute-sanitizer is neither in PATH nor in /usr/local/cuda/bin: left out');
for (const [name, go] of steps) {
  if (go && (wanted.length === 0 || wanted.includes(name))) await step(name, go);
}
const failed = report.steps.filter(({ passed }) => !passed).map(({ name }) => name);
const file = write();
const all = report.steps.reduce((sum, { seconds }) => sum + seconds, 0);
console.log(
  `\n${report.device}: ${report.steps.length - failed.length} of ${report.steps.length} steps passed in ${Math.round(all)} s` +
    `${failed.length > 0 ? `; failed: ${failed.join(', ')}` : ''}; ${file}`,
);
process.exit(failed.length > 0 ? 1 : 0);
