/** Finds and loads the addon when it is first needed, so that the package can be imported without it. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { reasonOf, SaliencyMixError } from '../errors';
import { reinstallLine } from '../package-manager';
import { ROOT, version } from '../version';
import type { Addon } from './binding';
import { platformHere, platforms } from './platforms';
import { checkPackage, requirePackage } from './prebuilt';

/** What `npx saliencymix build`, or `npm run build:native` in a clone, makes. It goes before the package's. */
const BUILT = resolve(ROOT, 'build', 'Release', 'saliencymix.node');

let loaded: Addon | undefined;

/**
 * The addon.
 * @throws SaliencyMixError ADDON, with what was tried and what to do, where none is found that loads
 */
export function addon(): Addon {
  loaded ??= load();
  return loaded;
}

function load(): Addon {
  const platform = platformHere();
  const failures: string[] = [];
  const attempt = (place: string, get: () => Addon | undefined): Addon | undefined => {
    try {
      const found = get();
      if (found === undefined) failures.push(`${place}: not there`);
      else if (versionOf(found) !== version)
        failures.push(`${place}: is of saliencymix ${versionOf(found)}, and this is ${version}`);
      else return found;
    } catch (error) {
      // Of a module that is not found, the first line says it.
      failures.push(`${place}: ${reasonOf(error).split('\n')[0]}`);
    }
    return undefined;
  };
  const found =
    attempt(BUILT, () => (existsSync(BUILT) ? (require(BUILT) as Addon) : undefined)) ??
    attempt(`@saliencymix/${platform}`, () => {
      checkPackage(platform);
      return requirePackage(platform);
    });
  if (found) return found;
  throw new SaliencyMixError('ADDON', whatToDo(platform, failures).join('\n'));
}

/** One that is no addon of this package may have anything in its place. */
const versionOf = (found: Addon): string => {
  const { version: told } = found as { version?: unknown };
  return typeof told === 'string' ? told : 'another kind';
};

function whatToDo(platform: string, failures: readonly string[]): string[] {
  const isClone = existsSync(resolve(ROOT, 'test'));
  const isKnown = platform in platforms;
  return [
    `The native addon of saliencymix is missing for ${platform}, Node ${process.version}.`,
    ...failures.map((failure) => `  ${failure}`),
    'What to do:',
    ...(isClone ? ['  npm run build:native'] : []),
    ...(!isClone && isKnown
      ? [
          `  @saliencymix/${platform} is an optional dependency of saliencymix. It was left out, or node_modules was`,
          `  made on another machine: ${reinstallLine()}`,
        ]
      : []),
    ...(isKnown
      ? []
      : [`  There is no package for ${platform}, only for ${Object.keys(platforms).join(', ')}.`]),
    ...(isClone
      ? []
      : [
          '  Or compile it here, with a C++20 compiler and CMake (it says what is missing): npx saliencymix build',
        ]),
  ];
}
