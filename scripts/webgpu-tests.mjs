// npm run test:webgpu: the tests of test/webgpu, on a graphics card's Vulkan driver where SALIENCYMIX_VULKAN=card, else on
// SwiftShader, a driver that computes on the processor: its files are taken out of Debian's packages of Chromium and of
// Vulkan's loader, into .cache/swiftshader, and nothing is installed. Words after the name go to jest.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(fileURLToPath(import.meta.url), '..', '..');
const kept = join(root, '.cache', 'swiftshader');
const PACKAGES = ['chromium-common', 'libvulkan1'];
const FILE = /^(libvk_swiftshader\.so|vk_swiftshader_icd\.json|libvulkan\.so\.1\.\d.*)$/;

function run(command, args, cwd) {
  const { status, error } = spawnSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`);
}

function download(folder) {
  const packages = () => run('apt-get', ['download', '--quiet', ...PACKAGES], folder);
  try {
    packages();
  } catch {
    run('apt-get', ['update', '--quiet']); // a new machine has no lists of packages
    packages();
  }
}

/** Makes the folder beside its place first: it is there whole, or not at all. */
function fetch() {
  const work = mkdtempSync(`${kept}-`);
  try {
    download(work);
    for (const file of readdirSync(work)) run('dpkg-deb', ['--extract', file, 'all'], work);
    const made = join(work, 'files');
    mkdirSync(made);
    for (const entry of readdirSync(join(work, 'all'), { recursive: true, withFileTypes: true }))
      if (FILE.test(entry.name) && entry.isFile())
        cpSync(join(entry.parentPath, entry.name), join(made, entry.name.replace(/(\.so\.1)\..*/, '$1')));
    renameSync(made, kept);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function software() {
  if (!existsSync(kept)) {
    mkdirSync(join(kept, '..'), { recursive: true });
    console.log(`Taking SwiftShader out of Debian's packages ${PACKAGES.join(', ')} …`);
    fetch();
  }
  const icd = join(kept, 'vk_swiftshader_icd.json');
  const libraries = [kept, process.env.LD_LIBRARY_PATH].filter(Boolean).join(delimiter);
  // Without a folder there, a library of the loader's writes of an error that is none of ours: tests read what is written.
  const { XDG_RUNTIME_DIR = kept } = process.env;
  return { VK_ICD_FILENAMES: icd, VK_DRIVER_FILES: icd, LD_LIBRARY_PATH: libraries, XDG_RUNTIME_DIR };
}

const isCard = process.env.SALIENCYMIX_VULKAN === 'card';
if (!isCard && (process.platform !== 'linux' || process.arch !== 'x64')) {
  console.error(
    'webgpu-tests: SwiftShader is taken from Debian for x64; SALIENCYMIX_VULKAN=card takes a graphics card',
  );
  process.exit(1);
}
let driver;
try {
  driver = isCard ? {} : software();
} catch (error) {
  console.error(`webgpu-tests: ${error.message}; it needs Debian's apt-get and dpkg-deb`);
  process.exit(1);
}
const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
const { status } = spawnSync(
  process.execPath,
  [jest, '--config', join(root, 'jest.webgpu.config.js'), ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit', env: { ...process.env, ...driver } },
);
process.exit(status ?? 1);
