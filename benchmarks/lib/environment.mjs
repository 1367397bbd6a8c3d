// What the numbers depend on, kept with them.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { cpus, totalmem } from 'node:os';
import { cacheBytes } from './inputs.mjs';
import { oneProcessorEach } from './process.mjs';

function git(root, ...words) {
  try {
    return execFileSync('git', words, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return '';
  }
}

/** Short hash of the commit that is checked out; `modified` where native code or sources differ from it. */
export function commitOf(root) {
  const commit = git(root, 'rev-parse', '--short=10', 'HEAD') || 'unknown';
  const changed = git(root, 'status', '--porcelain', '--', 'native', 'src', 'CMakeLists.txt', 'binding.gyp');
  return { commit, modified: changed !== '' };
}

export function environmentOf(root, cores) {
  const library = createRequire(`${root}/package.json`);
  const { backends } = library('./dist/index.js');
  const cpu = backends().find(({ name, available }) => name === 'cpu' && available);
  return {
    ...commitOf(root),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores,
    oneProcessorEach: oneProcessorEach(),
    cacheMB: Math.round(cacheBytes() / 2 ** 20),
    memoryGB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${process.arch}`,
    levels: cpu?.levels ?? ['scalar'],
    versions: {
      node: process.versions.node,
      saliencymix: library('./package.json').version,
      sharp: library('sharp').versions.sharp,
    },
  };
}
