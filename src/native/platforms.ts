/** The platforms for which there is a package with the addon, `@saliencymix/<platform>`, beside this one. */

export interface Platform {
  os: NodeJS.Platform;
  cpu: NodeJS.Architecture;
  /** The C library, on Linux. */
  libc?: 'glibc' | 'musl';
}

/** A new one: its entry here, its line in `requirePackage` (prebuilt.ts), its target in scripts/release/targets.mjs. */
export const platforms = {
  'linux-x64-gnu': { os: 'linux', cpu: 'x64', libc: 'glibc' },
  'linux-arm64-gnu': { os: 'linux', cpu: 'arm64', libc: 'glibc' },
  'linux-x64-musl': { os: 'linux', cpu: 'x64', libc: 'musl' },
  'linux-arm64-musl': { os: 'linux', cpu: 'arm64', libc: 'musl' },
  'win32-x64': { os: 'win32', cpu: 'x64' },
  'win32-arm64': { os: 'win32', cpu: 'arm64' },
  'darwin-arm64': { os: 'darwin', cpu: 'arm64' },
  'darwin-x64': { os: 'darwin', cpu: 'x64' },
} as const satisfies Record<string, Platform>;

export type PlatformName = keyof typeof platforms;

interface Report {
  excludeNetwork?: boolean;
  getReport(): { header?: { glibcVersionRuntime?: string } };
}

/** The C library that this process runs with: Node reports the version of glibc, and none of musl. */
function libc(): Platform['libc'] {
  if (process.platform !== 'linux') return undefined;
  const report = process.report as Report | undefined;
  // Runtimes without reports are built for glibc.
  if (typeof report?.getReport !== 'function') return 'glibc';
  // Else the names of all open connections would be looked up.
  const before = report.excludeNetwork;
  report.excludeNetwork = true;
  const { header } = report.getReport();
  report.excludeNetwork = before;
  return header?.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
}

/** This process's platform, such as "linux-x64-gnu" or "freebsd-x64", whether there is a package for it or not. */
export function platformHere(): string {
  const ends = { glibc: '-gnu', musl: '-musl', none: '' } as const;
  return `${process.platform}-${process.arch}${ends[libc() ?? 'none']}`;
}
