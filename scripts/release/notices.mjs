// What the libraries inside an addon ask to be told of them.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { jpegSource, root, zig } from './tools.mjs';

const require = createRequire(join(root, 'package.json'));

// NVIDIA lets its runtime be passed on as a part of programs (attachment A of the agreement).
const CUDA =
  'saliencymix.node contains the CUDA runtime of NVIDIA Corporation, under the CUDA Toolkit End User License Agreement:\n' +
  'https://docs.nvidia.com/cuda/eula/\n';
const GCC =
  'saliencymix.node contains parts of libstdc++, of GCC, under the GNU General Public License, version 3, with the GCC Runtime\n' +
  'Library Exception, version 3.1, which lets them be a part of programs under any licence.\n';

function licencesOfZig({ system }) {
  const folder = dirname(zig());
  return {
    'libc++ and libc++abi, of LLVM': join(folder, 'lib', 'libcxx', 'LICENSE.TXT'),
    'libunwind, of LLVM': join(folder, 'lib', 'libunwind', 'LICENSE.TXT'),
    'the runtime of Zig': join(folder, 'LICENSE'),
    ...(system === 'Windows' && { 'mingw-w64': join(folder, 'lib', 'libc', 'mingw', 'COPYING') }),
  };
}

/** The licences of all that the addon contains beside this project's code. */
export async function notices(target, { own, withCuda }) {
  const from = await jpegSource();
  const usesGcc = target.cuda || (own && target.system === 'Linux');
  const texts = Object.entries({
    'node-addon-api': join(dirname(require.resolve('node-addon-api/package.json')), 'LICENSE.md'),
    'libjpeg-turbo': join(from, 'LICENSE.md'),
    'libjpeg-turbo: the Independent JPEG Group': join(from, 'README.ijg'),
    ...(!own && licencesOfZig(target)),
  }).map(([what, file]) => [what, readFileSync(file, 'utf8').trim()]);
  const line = '='.repeat(80);
  return [
    'saliencymix.node contains the libraries below. It is based in part on the work of the Independent JPEG Group.\n',
    ...(usesGcc ? [GCC] : []),
    ...(target.cuda && withCuda ? [CUDA] : []),
    ...texts.map(([what, text]) => `${line}\n${what}\n${line}\n\n${text}\n`),
  ].join('\n');
}
