/** How packages are installed here: by the package manager that runs this program, or has installed this package. */

/** What a user types. */
interface Commands {
  add: (name: string) => string;
  /** Added to `add`: install scripts are not run. */
  withoutScripts: string;
  /** Installs all packages again, for the machine on which it runs, with optional ones. */
  again: string;
}

const managers = {
  npm: {
    add: (name) => `npm install ${name}`,
    withoutScripts: ' --ignore-scripts',
    again: 'rm -rf node_modules && npm install --include=optional',
  },
  pnpm: {
    add: (name) => `pnpm add ${name}`,
    withoutScripts: ' --ignore-scripts',
    again: 'rm -rf node_modules && pnpm install',
  },
  yarn1: {
    add: (name) => `yarn add ${name}`,
    withoutScripts: ' --ignore-scripts',
    again: 'rm -rf node_modules && yarn install',
  },
  yarn: {
    add: (name) => `yarn add ${name}`,
    withoutScripts: ' --mode=skip-build',
    again: 'yarn install',
  },
  bun: {
    add: (name) => `bun add ${name}`,
    withoutScripts: ' --ignore-scripts',
    again: 'rm -rf node_modules && bun install',
  },
  deno: { add: (name) => `deno add npm:${name}`, withoutScripts: '', again: 'deno install' },
} as const satisfies Record<string, Commands>;

export type PackageManager = keyof typeof managers;

/** Folders of their own kind in which some keep what they install. */
const FOLDERS: readonly [PackageManager, RegExp][] = [
  ['pnpm', /[\\/]node_modules[\\/]\.pnpm[\\/]/],
  ['yarn', /[\\/]\.yarn[\\/]/],
  ['bun', /[\\/]node_modules[\\/]\.bun[\\/]/],
  ['deno', /[\\/]node_modules[\\/]\.deno[\\/]/],
];

/**
 * @param agent as a package manager that runs a script sets it: "pnpm/9.1.0 npm/? node/v20.9.0 linux x64"
 * @param folder of this package
 */
export function packageManager(
  agent = process.env.npm_config_user_agent ?? '',
  folder = __dirname,
): PackageManager {
  const [, name, major] = /^(\w+)\/(\d+)/.exec(agent) ?? [];
  if (name === 'yarn') return Number(major) === 1 ? 'yarn1' : 'yarn';
  if (name in managers) return name as PackageManager;
  return FOLDERS.find(([, pattern]) => pattern.test(folder))?.[0] ?? 'npm';
}

/** The command that installs a package. */
export function installLine(name: string, { scripts = true, manager = packageManager() } = {}): string {
  const { add, withoutScripts } = managers[manager];
  return `${add(name)}${scripts ? '' : withoutScripts}`;
}

/** Its install script only fetches code for graphics cards of NVIDIA. */
export const onnxruntimeLine = (): string => installLine('onnxruntime-node', { scripts: false });

export const reinstallLine = (manager = packageManager()): string => managers[manager].again;
