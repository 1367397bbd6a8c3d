// Builds the native tests and runs them: with CMake and CTest, or where there is no CMake with the compiler alone.
// Arguments go to ctest. SALIENCYMIX_SANITIZE=address,undefined builds and runs them with those sanitizers.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

const sanitize = process.env.SALIENCYMIX_SANITIZE ?? '';
const folder = sanitize ? `build/native-tests-${sanitize.replaceAll(',', '-')}` : 'build/native-tests';

function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (error) console.error(`${command}: ${error.message} (the native tests need a C++20 compiler)`);
  if (status !== 0) process.exit(status ?? 1);
}

function withCMake() {
  const settings = [
    '-DSALIENCYMIX_TESTS=ON',
    `-DSALIENCYMIX_SANITIZE=${sanitize}`,
    // The kernels are tested on the host; scripts/gpu-tests.mjs tests them on a card.
    '-DSALIENCYMIX_CUDA=OFF',
    '-DCMAKE_BUILD_TYPE=Release',
    // As cmake-js compiles the addon, so that ccache knows the files again.
    `-DCMAKE_CXX_FLAGS=${process.env.CXXFLAGS ?? ''} -DBUILDING_NODE_EXTENSION`,
  ];
  run('cmake', ['-S', '.', '-B', folder, ...settings]);
  run('cmake', ['--build', folder, '--config', 'Release', '--parallel', String(availableParallelism())]);
  const jobs = ['--parallel', String(availableParallelism())];
  const options = ['--test-dir', folder, '--build-config', 'Release', '--output-on-failure', ...jobs];
  run('ctest', [...options, ...process.argv.slice(2)]);
}

/** Each test file is a program of its own, over the sources below the binding. */
function withCompiler() {
  const compiler = process.env.CXX ?? 'c++';
  const sources = readFileSync('native/sources.txt', 'utf8').trim().split('\n');
  const core = sources.filter((source) => !source.startsWith('native/binding/'));
  const flags = ['-std=c++20', '-O2', '-ffp-contract=off', '-pthread', '-Inative', '-Itest/native'];
  if (sanitize) flags.push(`-fsanitize=${sanitize}`, '-fno-sanitize-recover=all', '-g');
  mkdirSync(folder, { recursive: true });
  const tests = readdirSync('test/native').filter((name) => name.endsWith('_test.cc'));
  for (const test of tests) {
    const program = join(folder, test.replace('.cc', ''));
    run(compiler, [...flags, join('test/native', test), ...core, '-o', program]);
    run(program, []);
  }
  console.log(`${tests.length} passed, 0 failed`);
}

const hasCMake = spawnSync('cmake', ['--version']).status === 0;
if (hasCMake && process.env.SALIENCYMIX_BUILD !== 'gyp') withCMake();
else withCompiler();
