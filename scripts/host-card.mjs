// node scripts/host-card.mjs <folder>: puts a copy of the package there whose addon has the host in place of a graphics card
// (test/native/host_card): what the backend and the provider 'cuda' do then runs on the processor, our kernels for cards on the
// host.
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(fileURLToPath(import.meta.url), '..', '..');
const folder = resolve(process.argv[2]);
const build = join(root, 'build', 'host-card');
const require = createRequire(import.meta.url);

function run(command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ended with ${status}\n${stdout}${stderr}`);
}

const headers = ['node-api-headers', 'node-addon-api'].map((name) => resolve(require(name).include_dir));
run(
  'cmake',
  '-S',
  root,
  '-B',
  build,
  '-DSALIENCYMIX_HOST_CARD=ON',
  '-DSALIENCYMIX_CUDA=OFF',
  '-DCMAKE_BUILD_TYPE=Release',
  `-DCMAKE_JS_INC=${headers.join(';')}`,
  `-DCMAKE_LIBRARY_OUTPUT_DIRECTORY=${join(build, 'Release')}`,
);
run('cmake', '--build', build, '--parallel', String(availableParallelism()), '--target', 'saliencymix_addon');

rmSync(join(folder, 'dist'), { recursive: true, force: true });
mkdirSync(join(folder, 'build', 'Release'), { recursive: true });
for (const part of ['bin', 'dist']) cpSync(join(root, part), join(folder, part), { recursive: true });
copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
copyFileSync(
  join(build, 'Release', 'saliencymix.node'),
  join(folder, 'build', 'Release', 'saliencymix.node'),
);
const modules = join(folder, 'node_modules');
if (!existsSync(modules)) symlinkSync(join(root, 'node_modules'), modules);
