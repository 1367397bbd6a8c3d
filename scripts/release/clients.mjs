// Package managers as users have them, each of one version, and how each installs a package from a registry with scripts
// blocked. A new one is an entry here.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const npmrc = ({ folder, url }) => writeFileSync(join(folder, '.npmrc'), `registry=${url}/\n`);
const npx = (name, ...args) => ['npx', '--yes', name, ...args];

const yarnrc =
  (linker) =>
  ({ folder, url }) =>
    writeFileSync(
      join(folder, '.yarnrc.yml'),
      `npmRegistryServer: "${url}"\nunsafeHttpWhitelist: ["127.0.0.1"]\nnodeLinker: ${linker}\nenableScripts: false\nenableTelemetry: false\nenableGlobalCache: true\n`,
    );

/**
 * prepare: files of the project; add: the command that adds packages; node: the command that runs a script of the project.
 */
export const clients = {
  'npm 11': {
    prepare: npmrc,
    add: (names) => npx('npm@11.19.1', 'install', '--ignore-scripts', '--no-audit', '--no-fund', ...names),
    node: ['node'],
  },
  'npm 12': {
    prepare: npmrc,
    add: (names) => npx('npm@12.2.2', 'install', '--no-audit', '--no-fund', ...names),
    node: ['node'],
  },
  pnpm: {
    prepare: npmrc,
    add: (names) => npx('pnpm@12.21.0', 'add', '--ignore-scripts', ...names),
    node: ['node'],
  },
  'yarn 1': {
    prepare: npmrc,
    add: (names) => npx('yarn@1.22.22', 'add', '--ignore-scripts', '--no-progress', ...names),
    node: ['node'],
  },
  'yarn 4': {
    prepare: yarnrc('node-modules'),
    add: (names) => npx('@yarnpkg/cli-dist@4.18.1', 'add', ...names),
    node: ['node'],
  },
  'yarn 4, PnP': {
    prepare: yarnrc('pnp'),
    add: (names) => npx('@yarnpkg/cli-dist@4.18.1', 'add', ...names),
    node: npx('@yarnpkg/cli-dist@4.18.1', 'node'),
  },
  Bun: {
    prepare: npmrc,
    add: (names) => npx('bun@1.4.5', 'add', '--ignore-scripts', ...names),
    node: npx('bun@1.4.5'),
  },
  Deno: {
    prepare: npmrc,
    add: (names) => npx('deno@2.9.6', 'add', ...names.map((name) => `npm:${name}`)),
    node: npx('deno@2.9.6', 'run', '--allow-all', '--node-modules-dir=manual'),
  },
};
