// Copies of the package, each without one of its parts: a line in one of three files says false.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const KERNELS = 'native/cpu/kernels';

/** The row that tells how far two copies that are the same come to lie apart. */
export const SAME = 'the same';

/** `file`: where its line is. `source`: files that are its own, whose lines are counted. */
export const PARTS = [
  { name: 'narrow images', switch: 'kNarrowImages', source: [`${KERNELS}/fine_grained_narrow.inc`] },
  { name: 'peak alone', switch: 'kPeakAlone' },
  {
    name: 'peak by cells',
    switch: 'kPeakByCells',
    source: [`${KERNELS}/fine_grained_cells.inc`, `${KERNELS}/fine_grained_peak.inc`],
  },
  {
    name: 'extremes by rows',
    switch: 'kExtremesByRows',
    source: [`${KERNELS}/spectral_residual_extremes.inc`],
  },
  { name: 'mixing as found', switch: 'kMixAsFound' },
  { name: 'chains', switch: 'kChains' },
  { name: 'streaming', switch: 'kStreaming' },
  { name: 'fetching', switch: 'kFetching' },
  { name: 'spinning', switch: 'kSpinning', file: 'native/threads/parts.h' },
  {
    name: 'moving threads',
    switch: 'kMovingThreads',
    file: 'native/threads/parts.h',
    source: ['native/threads/cpu_affinity.cc'],
  },
  { name: 'prewaking', switch: 'kPrewaking', file: 'native/threads/parts.h' },
  { name: 'drawing ahead', switch: 'drawAhead', file: 'dist/mix/parts.js', source: ['src/mix/ahead.ts'] },
  { name: 'small batches here', switch: 'mixesHere', file: 'dist/mix/parts.js' },
].map((part) => ({ file: 'native/cpu/parts.h', source: [], ...part }));

export const isNative = ({ file }) => file.startsWith('native/');
export const isOfThreads = ({ file }) => file !== 'native/cpu/parts.h';

/** Lines of a part's own files; undefined where it has none. */
export function linesOf({ source }, root) {
  const lines = source.map((file) => readFileSync(join(root, file), 'utf8').split('\n').length - 1);
  return lines.length > 0 ? lines.reduce((sum, one) => sum + one) : undefined;
}

/** The text in which a part's line says false. */
function without({ switch: name, file }, text) {
  const changed = text.replace(new RegExp(`(\\b${name}\\b\\s*[=:]\\s*)true`), '$1false');
  if (changed === text) throw new Error(`${file} has no line for ${name}`);
  return changed;
}

function compile(root) {
  const env = { ...process.env, SALIENCYMIX_CUDA: 'OFF' };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/build-addon.mjs'], {
    cwd: root,
    env,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`a copy cannot be built\n${stdout}${stderr}`);
}

/** What a build needs, in a folder of its own in which only what changes is compiled anew. */
function workshop(root, folder) {
  const copy = join(folder, 'workshop');
  for (const name of ['native', 'scripts', 'dist', 'CMakeLists.txt', 'package.json', 'binding.gyp'])
    cpSync(join(root, name), join(copy, name), { recursive: true });
  mkdirSync(join(copy, 'test')); // as in a clone: what was compiled is kept
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

/** The parts of a package that load and run: code, packages, and the addon. */
function keep(copy, to) {
  for (const name of ['dist', 'package.json', 'build/Release/saliencymix.node'])
    cpSync(join(copy, name), join(to, name), { recursive: true });
  symlinkSync(join(copy, 'node_modules'), join(to, 'node_modules'));
}

/**
 * Builds a copy without each of the parts below `folder`, and one with all of them: gives their names and folders.
 * @param tell is called with a line for each
 */
export function buildWithout(parts, root, folder, tell) {
  const copy = workshop(root, folder);
  const addon = 'build/Release/saliencymix.node';
  cpSync(join(root, addon), join(copy, addon));
  const same = join(folder, 'same');
  keep(copy, same);
  const others = parts.map((part, i) => {
    tell(`without ${part.name}: builds it`);
    const file = join(copy, part.file);
    const whole = readFileSync(file, 'utf8');
    writeFileSync(file, without(part, whole));
    if (isNative(part)) compile(copy);
    const to = join(folder, `without-${i}`);
    keep(copy, to);
    writeFileSync(file, whole);
    // The next part of JavaScript is measured with the whole addon.
    if (isNative(part)) cpSync(join(root, addon), join(copy, addon), { force: true });
    return { name: `without ${part.name}`, root: to };
  });
  return [{ name: SAME, root: same }, ...others];
}
