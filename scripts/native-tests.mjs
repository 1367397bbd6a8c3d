// Builds the native tests with CMake and runs them with CTest. Arguments go to ctest.
// SALIENCYMIX_SANITIZE=address,undefined builds and runs them with those sanitizers.
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

const sanitize = process.env.SALIENCYMIX_SANITIZE ?? '';
const folder = sanitize ? `build/native-tests-${sanitize.replaceAll(',', '-')}` : 'build/native-tests';

function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (error) console.error(`${command}: ${error.message} (the native tests need CMake and a C++20 compiler)`);
  if (status !== 0) process.exit(status ?? 1);
}

run('cmake', [
  '-S',
  '.',
  '-B',
  folder,
  '-DSALIENCYMIX_TESTS=ON',
  `-DSALIENCYMIX_SANITIZE=${sanitize}`,
  '-DCMAKE_BUILD_TYPE=Release',
]);
run('cmake', ['--build', folder, '--config', 'Release', '--parallel', String(availableParallelism())]);
run('ctest', [
  '--test-dir',
  folder,
  '--build-config',
  'Release',
  '--output-on-failure',
  ...process.argv.slice(2),
]);
