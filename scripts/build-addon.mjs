// Compiles the addon: with CMake, with CUDA where nvcc is found, else without; in a clone with node-gyp where there is no CMake.
// `npm run build:native` in a clone, and `npx saliencymix build` where there is no package for the platform, run it.
// SALIENCYMIX_CUDA=OFF leaves CUDA out, =ON insists on it.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const manifest = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8'));
const built = resolve(root, 'build', 'Release', 'saliencymix.node');
// A clone keeps what it has compiled; an installed package only the addon.
const isClone = existsSync(resolve(root, 'test'));
const folder = isClone ? resolve(root, 'build') : mkdtempSync(join(tmpdir(), 'saliencymix-build-'));
const made = join(folder, 'Release', 'saliencymix.node');

/** What the build uses of other packages, which an installed package does not bring along. */
const TOOLS = ['cmake-js', 'node-addon-api', 'node-api-headers'];
const from = [root, process.cwd()].map((place) => createRequire(join(place, 'package.json')));
function folderOf(name) {
  for (const find of from) {
    try {
      return dirname(find.resolve(`${name}/package.json`));
    } catch {
      // perhaps from the next place
    }
  }
  return undefined;
}

/** What is missing for a build, and how it is had. */
function missing() {
  const works = (command) => spawnSync(command, ['--version']).status === 0;
  const tools = TOOLS.filter((name) => folderOf(name) === undefined);
  const compilers = [process.env.CXX, 'c++', 'g++', 'clang++'].filter(Boolean);
  return [
    ...(tools.length > 0
      ? [
          `npm install --no-save ${tools.map((name) => `${name}@${manifest.devDependencies[name]}`).join(' ')}`,
        ]
      : []),
    ...(isClone || works('cmake') ? [] : ['CMake 3.15 or later (Debian, Ubuntu: apt-get install cmake)']),
    ...(process.platform === 'win32' || compilers.some(works)
      ? []
      : [
          'a C++20 compiler: g++ 11 or clang 14, or later (Debian, Ubuntu: apt-get install g++; macOS: xcode-select --install)',
        ]),
  ];
}

/** In a process of its own: a binary that crashes must not take this one along. */
const loads = (file) =>
  existsSync(file) &&
  spawnSync(process.execPath, ['-e', `require(${JSON.stringify(file)}).methods()`]).status === 0;

/** The backends that the build has; the one without code says why. */
function whatFor() {
  const code = `console.log(JSON.stringify(require(${JSON.stringify(built)}).backends()))`;
  const listed = JSON.parse(spawnSync(process.execPath, ['-e', code], { encoding: 'utf8' }).stdout);
  const absent = listed.find(({ reason }) => reason?.startsWith('this build has no'));
  return absent ? `the CPU; ${absent.name}: ${absent.reason}` : 'the CPU and CUDA';
}

const log = [];
function succeeds(what, command, args, isRight = () => true) {
  const seen = process.env.NODE_PATH;
  const places = [resolve(process.cwd(), 'node_modules'), ...(seen ? [seen] : [])];
  const env = { ...process.env, NODE_PATH: places.join(delimiter) };
  const done = spawnSync(command, args, { cwd: root, encoding: 'utf8', env });
  const output = `${done.stdout ?? ''}${done.stderr ?? ''}${done.error ? `${done.error.message}\n` : ''}`;
  const right = done.status === 0 && isRight();
  if (!right) log.push(`--- ${what} ---\n${output.split('\n').slice(-25).join('\n')}`);
  return right;
}
const attempt = (what, command, args) => succeeds(what, command, args, () => loads(made));

function withCMake(cuda) {
  const cli = join(folderOf('cmake-js'), 'bin', 'cmake-js');
  const run = (command, attempted) =>
    attempted(`cmake-js ${command}, CUDA ${cuda}`, process.execPath, [
      cli,
      command,
      '--out',
      folder,
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
    .map((place) => resolve(place, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js'))
    .find((file) => existsSync(file));
  if (!cli) return log.push('--- node-gyp ---\nnot found beside npm') && false;
  const prefix = resolve(dirname(process.execPath), '..');
  const headers = existsSync(resolve(prefix, 'include', 'node', 'common.gypi'))
    ? [`--nodedir=${prefix}`]
    : [];
  return attempt('node-gyp', process.execPath, [cli, 'rebuild', ...headers]);
}

/** Beside its place first: a process that loads the addon meanwhile finds the old one or the new one. */
function keep() {
  if (made === built) return;
  mkdirSync(dirname(built), { recursive: true });
  copyFileSync(made, `${built}.new`);
  renameSync(`${built}.new`, built);
}

function fail(lines) {
  console.error(lines.join('\n'));
  process.exitCode = 1;
}

function main() {
  const only = process.env.SALIENCYMIX_BUILD; // "cmake" or "gyp": only that one, for tests of this script
  const cuda = process.env.SALIENCYMIX_CUDA ?? 'AUTO';
  if (!['AUTO', 'ON', 'OFF'].includes(cuda))
    return fail([`saliencymix: SALIENCYMIX_CUDA must be "AUTO", "ON" or "OFF", not "${cuda}"`]);
  if (only !== undefined && only !== 'cmake' && only !== 'gyp')
    return fail([`saliencymix: SALIENCYMIX_BUILD must be "cmake" or "gyp", not "${only}"`]);
  const needs = missing();
  if (needs.length > 0)
    return fail([
      'saliencymix: to compile the native addon here, these are needed first:',
      ...needs.map((one) => `  ${one}`),
    ]);
  const builders = [
    { tool: 'cmake', build: () => withCMake(cuda) },
    { tool: 'cmake', build: () => withCMake('OFF'), when: cuda === 'AUTO' },
    { tool: 'gyp', build: withGyp, when: cuda !== 'ON' && isClone },
  ].filter(({ tool, when = true }) => when && (only ?? tool) === tool);
  if (!isClone) console.log('saliencymix: compiling the native addon, which takes a minute or more …');
  const used = builders.find(({ build }) => build());
  if (!used) return fail([...log, '', 'saliencymix: the native addon could not be built; see above.']);
  keep();
  console.log(`saliencymix: addon built with ${used.tool === 'gyp' ? 'node-gyp' : 'CMake'} for ${whatFor()}`);
}

try {
  main();
} finally {
  if (!isClone) rmSync(folder, { recursive: true, force: true });
}
