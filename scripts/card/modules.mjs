// The packages of node_modules that are needed on a machine with a card: to build, to test, to train.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { ROOT } from './parts.mjs';

/** Besides the package's own dependencies. */
const WANTED = [
  'node-addon-api',
  'node-api-headers',
  'onnxruntime-node',
  'sharp',
  'jest',
  '@swc/jest',
  '@swc/core',
];

const read = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/** The folder of a package, as Node finds it from another. */
function find(from, name) {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name);
    if (existsSync(join(found, 'package.json'))) return found;
    if (folder === ROOT) return undefined;
  }
}

/** Whether a package is for another platform than Linux x64 with glibc. */
function isForeign({ name, os, cpu, libc }) {
  const lacks = (list, one) =>
    Array.isArray(list) && !list.includes(one) && !list.some((other) => other === `!${one}`);
  return lacks(os, 'linux') || lacks(cpu, 'x64') || lacks(libc, 'glibc') || /musl|wasm32/.test(name);
}

/** Folders below the project's, none of which holds another. */
export function neededModules() {
  const seen = new Set();
  const visit = (from, names) => {
    for (const name of names) {
      const folder = find(from, name);
      if (folder === undefined || seen.has(folder)) continue;
      const about = read(folder);
      if (isForeign(about)) continue;
      seen.add(folder);
      const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = about;
      visit(folder, Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }));
    }
  };
  visit(ROOT, [...Object.keys(read(ROOT).dependencies), ...WANTED]);
  const paths = [...seen].map((folder) => relative(ROOT, folder));
  return paths.filter((path) => !paths.some((other) => path.startsWith(`${other}${sep}`))).toSorted();
}

/** What of them is not needed to run: other platforms, sources, maps. */
export const LEFT_OUT = [
  'onnxruntime-node/bin/napi-v*/darwin',
  'onnxruntime-node/bin/napi-v*/win32',
  'onnxruntime-node/bin/napi-v*/linux/arm64',
  'onnxruntime-common/lib',
  'sharp/src',
  '*.map',
  '*.d.ts',
];
