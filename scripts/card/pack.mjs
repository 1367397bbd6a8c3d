// Packs the two parts. One: Node, the packages, dist, Vulkan's loader. Two: the release of ONNX Runtime whose CUDA provider npm
// has, with code for one architecture alone.
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { LEFT_OUT, neededModules } from './modules.mjs';
import { cudaProvider, ORT, packageOf } from './ort.mjs';
import { fresh, KEPT, MOST, ONE, ROOT, run, TWO } from './parts.mjs';
import { thin } from './thin.mjs';

/** NVIDIA's Vulkan driver is there with the card; its loader may not be, nor what the driver is linked to. */
const LOADERS = ['libvulkan1', 'libegl1', 'libglvnd0', 'libopengl0', 'libgl1', 'libglx0', 'libgles2'];

/** sm_90: H100, H200. */
const ARCHITECTURE = Number(process.env.SALIENCYMIX_CARD_ARCHITECTURE ?? 90);

/** An archive of files in a folder, the same bytes for the same files; made only where it is not there yet. */
function archive(file, folder, names, excluded = []) {
  const fixed = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
  const left = excluded.map((pattern) => `--exclude=${pattern}`);
  const tar = join(KEPT, 'part.tar');
  run('tar', ['-C', folder, ...fixed, ...left, '-cf', tar, ...names]);
  const digest = createHash('sha256').update(readFileSync(tar)).digest('hex');
  const packed = join(KEPT, `${digest}.tar.xz`);
  if (!existsSync(packed)) {
    run('xz', ['-T0', '--x86', '--lzma2=preset=6', '--keep', '--force', tar]);
    renameSync(`${tar}.xz`, packed);
  }
  rmSync(tar);
  copyFileSync(packed, file);
}

function packOne() {
  fresh(ONE);
  const node = join(KEPT, 'node', 'bin');
  fresh(node);
  run('strip', ['-s', process.execPath, '-o', join(node, 'node')]);
  archive(join(ONE, 'node.tar.xz'), join(KEPT, 'node'), ['bin']);
  archive(join(ONE, 'modules.tar.xz'), ROOT, neededModules(), LEFT_OUT);
  archive(join(ONE, 'dist.tar.xz'), ROOT, ['dist']);
  const debs = join(ONE, 'debs');
  mkdirSync(debs);
  run('apt-get', ['download', '--quiet', ...LOADERS], { cwd: debs });
  copyFileSync(join(ROOT, 'scripts', 'card', 'start.sh'), join(ONE, 'start.sh'));
  writeFileSync(join(ONE, 'commit'), run('git', ['rev-parse', '--short=10', 'HEAD']));
}

function packTwo() {
  fresh(TWO);
  const modules = join(KEPT, 'ort', 'node_modules');
  fresh(modules);
  for (const name of ['onnxruntime-node', 'onnxruntime-common'])
    cpSync(packageOf(`${name}@${ORT}`), join(modules, name), { recursive: true });
  const binaries = join(modules, 'onnxruntime-node', 'bin', 'napi-v6', 'linux', 'x64');
  const [shared, cuda] = cudaProvider();
  copyFileSync(shared, join(binaries, basename(shared)));
  writeFileSync(join(binaries, basename(cuda)), thin(readFileSync(cuda), ARCHITECTURE));
  archive(join(TWO, 'modules.tar.xz'), join(KEPT, 'ort'), ['node_modules'], LEFT_OUT);
  copyFileSync(join(ROOT, 'scripts', 'card', 'start.sh'), join(TWO, 'start.sh'));
  copyFileSync(join(ONE, 'commit'), join(TWO, 'commit'));
}

const bytesIn = (folder) =>
  readdirSync(folder, { recursive: true })
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);

/** A folder of images, with a folder for each class, that is to be learned. */
function packImages(folder) {
  archive(join(TWO, 'images.tar.xz'), folder, readdirSync(folder));
}

/**
 * @param images folder with a folder of images for each class, which are learned; drawn ones unless given
 * @throws Error where something is missing, or a part is too large
 */
export async function packAll(images) {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error('the parts are packed on Linux x64');
  if (!existsSync(join(ROOT, 'dist', 'index.js'))) throw new Error('dist is not built: npm run build:ts');
  mkdirSync(KEPT, { recursive: true });
  packOne();
  packTwo();
  if (images !== undefined) packImages(images);
  for (const folder of [ONE, TWO]) {
    const bytes = bytesIn(folder);
    console.log(`${folder}: ${(bytes / 2 ** 20).toFixed(1)} MiB`);
    if (bytes > MOST) throw new Error(`${folder} is larger than ${MOST / 2 ** 20} MiB`);
  }
  console.log(
    'On the machine with the card, in a copy of this checkout: bash .card/one/start.sh <folder>, then bash .card/two/start.sh <folder>',
  );
}
