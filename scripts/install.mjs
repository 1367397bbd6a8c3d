// Gets an addon that loads, in this order: the one that is there, a prebuilt one, a build with CMake (with CUDA where nvcc
// is found), one without CUDA, a build with node-gyp.
// SALIENCYMIX_CUDA=OFF leaves CUDA out, =ON insists on it.
// node scripts/install.mjs [--rebuild]   --rebuild: build even where one loads already (CMake builds only what changed)
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);
const local = resolve(root, 'build', 'Release', 'saliencymix.node');
const prebuilt = resolve(root, 'prebuilds', `${process.platform}-${process.arch}`, 'saliencymix.node');
const rebuild = process.argv.includes('--rebuild');

/** In a process of its own: a binary that crashes must not take the installer along. */
function loads(file) {
  return (
    existsSync(file) &&
    spawnSync(process.execPath, ['-e', `require(${JSON.stringify(file)}).methods()`]).status === 0
  );
}

/** The backends that the build has; the one without code says why. */
function whatFor() {
  const code = `console.log(JSON.stringify(require(${JSON.stringify(local)}).backends()))`;
  const listed = JSON.parse(spawnSync(process.execPath, ['-e', code], { encoding: 'utf8' }).stdout);
  const absent = listed.find(({ reason }) => reason?.startsWith('this build has no'));
  return absent ? `the CPU; ${absent.name}: ${absent.reason}` : 'the CPU and CUDA';
}

const log = [];
function succeeds(what, command, args, isRight = () => true) {
  const done = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  const output = `${done.stdout ?? ''}${done.stderr ?? ''}${done.error ? `${done.error.message}\n` : ''}`;
  const right = done.status === 0 && isRight();
  if (!right) log.push(`--- ${what} ---\n${output.split('\n').slice(-25).join('\n')}`);
  return right;
}
const attempt = (what, command, args) => succeeds(what, command, args, () => loads(local));

function withCMake(cuda) {
  const cli = resolve(dirname(require.resolve('cmake-js/package.json')), 'bin', 'cmake-js');
  const run = (command, attempted) =>
    attempted(`cmake-js ${command}, CUDA ${cuda}`, process.execPath, [
      cli,
      command,
      '--out',
      'build',
      `--CDSALIENCYMIX_CUDA=${cuda}`,
    ]);
  // A folder that another CMake or another place has configured is cleared and configured anew.
  return (run('configure', succeeds) || run('reconfigure', succeeds)) && run('build', attempt);
}

/** npm brings node-gyp along; Node's own headers are used where they are installed, so nothing is downloaded. */
function withGyp() {
  const npm = process.env.npm_execpath ?? '';
  const beside = [
    npm && resolve(dirname(npm), '..'),
    resolve(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm'),
  ];
  const cli = beside
    .filter(Boolean)
    .map((folder) => resolve(folder, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js'))
    .find((file) => existsSync(file));
  if (!cli) return log.push('--- node-gyp ---\nnot found beside npm') && false;
  const prefix = resolve(dirname(process.execPath), '..');
  const headers = existsSync(resolve(prefix, 'include', 'node', 'common.gypi'))
    ? [`--nodedir=${prefix}`]
    : [];
  return attempt('node-gyp', process.execPath, [cli, 'rebuild', ...headers]);
}

const only = process.env.SALIENCYMIX_BUILD; // "cmake" or "gyp": only that one, for tests of this script
const cuda = process.env.SALIENCYMIX_CUDA ?? 'AUTO';
if (!['AUTO', 'ON', 'OFF'].includes(cuda)) {
  console.error(`saliencymix: SALIENCYMIX_CUDA must be "AUTO", "ON" or "OFF", not "${cuda}"`);
  process.exit(1);
}
const builders = [
  { tool: 'cmake', build: () => withCMake(cuda) },
  { tool: 'cmake', build: () => withCMake('OFF'), when: cuda === 'AUTO' },
  { tool: 'gyp', build: withGyp, when: cuda !== 'ON' },
].filter(({ tool, when = true }) => when && (only ?? tool) === tool);
if (only !== undefined && only !== 'cmake' && only !== 'gyp') {
  console.error(`saliencymix: SALIENCYMIX_BUILD must be "cmake" or "gyp", not "${only}"`);
  process.exit(1);
}

if (!rebuild && (loads(local) || loads(prebuilt))) process.exit(0);
for (const { tool, build } of builders) {
  if (!build()) continue;
  console.log(`saliencymix: addon built with ${tool === 'gyp' ? 'node-gyp' : 'CMake'} for ${whatFor()}`);
  process.exit(0);
}
console.error(
  [
    ...log,
    '',
    'saliencymix: the native addon could not be built. It needs a C++20 compiler (g++ 10, clang 12, MSVC 2019 or later)',
    'and CMake 3.15, or python3 with make. On Debian or Ubuntu: apt-get install g++ cmake',
  ].join('\n'),
);
process.exit(1);
