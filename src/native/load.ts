/** Finds and loads the addon when it is first needed, so that the package can be imported without it. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { reasonOf, SaliencyMixError } from '../errors';
import type { Addon } from './binding';

const ROOT = resolve(__dirname, '..', '..');

/** Where the addon is looked for, in this order: the local build, then a binary shipped with the package. */
const PLACES = [
  resolve(ROOT, 'build', 'Release', 'saliencymix.node'),
  resolve(ROOT, 'prebuilds', `${process.platform}-${process.arch}`, 'saliencymix.node'),
];

let loaded: Addon | undefined;

/**
 * The addon.
 * @throws SaliencyMixError ADDON, with what to do, where none is found that loads
 */
export function addon(): Addon {
  loaded ??= load();
  return loaded;
}

function load(): Addon {
  const failures: string[] = [];
  for (const place of PLACES) {
    if (!existsSync(place)) {
      failures.push(`${place}: not there`);
      continue;
    }
    try {
      return require(place) as Addon;
    } catch (error) {
      failures.push(`${place}: ${reasonOf(error)}`);
    }
  }
  throw new SaliencyMixError(
    'ADDON',
    [
      `The native addon of saliencymix is missing for ${process.platform}-${process.arch}, Node ${process.version}.`,
      ...failures.map((failure) => `  ${failure}`),
      'What to do:',
      '  in a clone of the repository: npm run build:native',
      '  in a project that depends on it: npm rebuild saliencymix --foreground-scripts',
      '  (needs a C++20 compiler, and CMake or python3 with make; npm 12 and later run its install script',
      '  only after: npm install-scripts approve saliencymix)',
    ].join('\n'),
  );
}
