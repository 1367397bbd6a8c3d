// Compiles the addon for the platforms named, or for all: build/release/<platform>/saliencymix.node.
// npm run release:build -- [platform…]
// npm run release:build -- --own <platform>     for the machine that this runs on, by its own compiler
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { notices } from './notices.mjs';
import { targets } from './targets.mjs';
import { nodeLibrary, ownToolchain, zigToolchain } from './toolchains.mjs';
import { jpegSource, nasm, release, root, run, tools } from './tools.mjs';

const require = createRequire(join(root, 'package.json'));
const withCuda = process.env.SALIENCYMIX_CUDA !== 'OFF';

/** libjpeg-turbo for a target: its archive and headers. */
async function jpeg(name, toolchain, own) {
  const from = await jpegSource();
  const folder = join(release, 'objects', `${name}${own ? '-own' : ''}-jpeg`);
  const settings = {
    ...toolchain,
    ENABLE_SHARED: 'OFF',
    WITH_TURBOJPEG: 'OFF',
    CMAKE_POSITION_INDEPENDENT_CODE: 'ON',
    // Without its vector code it would be slower, not another one: that must not happen in silence.
    REQUIRE_SIMD: 'ON',
    ...(!own && { CMAKE_ASM_NASM_COMPILER: await nasm() }),
    // Nothing is installed, but the default for Windows is no path here.
    CMAKE_INSTALL_PREFIX: join(folder, 'installed'),
  };
  run('cmake', ['-S', from, '-B', folder, ...defines(settings)]);
  run('cmake', ['--build', folder, '--target', 'jpeg-static', '-j', String(availableParallelism())]);
  // The headers that the build makes, and those it has.
  for (const header of ['jpeglib.h', 'jmorecfg.h', 'jerror.h'])
    copyFileSync(join(from, header), join(folder, header));
  return { SALIENCYMIX_JPEG_ARCHIVE: join(folder, 'libjpeg.a'), SALIENCYMIX_JPEG_INCLUDE: folder };
}

const defines = (settings) => Object.entries(settings).map(([key, value]) => `-D${key}=${value}`);

async function build(name, target, own) {
  const start = Date.now();
  const folder = join(release, 'objects', own ? `${name}-own` : name);
  const headers = [
    dirname(require.resolve('node-addon-api/package.json')),
    join(dirname(require.resolve('node-api-headers/package.json')), 'include'),
  ];
  const toolchain = own ? ownToolchain(target) : zigToolchain(name, target);
  const settings = {
    ...toolchain,
    ...(await jpeg(name, toolchain, own)),
    CMAKE_JS_INC: headers.join(';'),
    ...(target.system === 'Windows' && {
      CMAKE_JS_LIB: nodeLibrary(join(tools, name), target).join(';'),
    }),
    ...(target.system !== 'Darwin' && { CMAKE_SHARED_LINKER_FLAGS: '-s' }),
    SALIENCYMIX_CUDA: target.cuda && withCuda ? 'ON' : 'OFF',
    ...(target.cuda && !own && { CMAKE_CUDA_HOST_COMPILER: toolchain.CMAKE_CXX_COMPILER }),
  };
  run('cmake', ['-S', root, '-B', folder, ...defines(settings)]);
  run('cmake', ['--build', folder, '--target', 'saliencymix_addon', '-j', String(availableParallelism())]);
  const made = join(release, name);
  mkdirSync(made, { recursive: true });
  copyFileSync(join(folder, 'saliencymix.node'), join(made, 'saliencymix.node'));
  writeFileSync(join(made, 'THIRD-PARTY-NOTICES'), await notices(target, { own, withCuda }));
  console.log(`${name} (${((Date.now() - start) / 1000).toFixed(0)} s)`);
}

/** Programs that must be here, and what brings them. */
const commands = {
  cmake: 'Debian: cmake',
  make: 'Debian: make',
  'dpkg-deb': 'Debian: dpkg',
  nasm: 'Debian: nasm; macOS: brew install nasm',
  'c++': 'Debian: g++',
  nvcc: 'CUDA 13; SALIENCYMIX_CUDA=OFF builds without',
  'clang++': 'Debian: clang',
  lld: 'Debian: lld',
};

function missing(names, own) {
  const some = (test) => names.some((name) => test(targets[name]));
  const needed = [
    'cmake',
    'make',
    ...(own ? [] : ['dpkg-deb']),
    ...(own && some(({ processor }) => !/arm64|aarch64/i.test(processor)) ? ['nasm'] : []),
    ...(own || some(({ cuda }) => cuda) ? ['c++'] : []),
    ...(some(({ cuda }) => cuda && withCuda) ? ['nvcc'] : []),
    ...(!own && some(({ system }) => system === 'Darwin') ? ['clang++', 'lld'] : []),
  ];
  return needed
    .filter((command) => spawnSync(command, ['--version']).error !== undefined)
    .map((command) => `${command} (${commands[command]})`);
}

async function main(args) {
  const own = args[0] === '--own';
  const asked = own ? args.slice(1) : args;
  const unknown = asked.filter((name) => !(name in targets));
  if (unknown.length > 0 || (own && asked.length !== 1))
    throw new Error(`no such platform: "${unknown.join(' ')}"; there are ${Object.keys(targets).join(', ')}`);
  const names = asked.length > 0 ? asked : Object.keys(targets);
  const needs = missing(names, own);
  if (needs.length > 0) throw new Error(`not here: ${needs.join(', ')}`);
  for (const name of names) {
    try {
      await build(name, targets[name], own);
    } catch (error) {
      console.error(`${name}: ${error.message}`);
      process.exitCode = 1;
    }
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
