// Looks at the addons that build.mjs made without running them: what each shows to the process that loads it, what libraries it
// needs, and the oldest system that it runs on.
// node scripts/release/look.mjs [platform…]
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MACOS, targets } from './targets.mjs';
import { release } from './tools.mjs';

const EXPORTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];
const GLIBC = [2, 28];

function tool(name, ...args) {
  const done = spawnSync(name, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (done.status === 0) return done.stdout;
  throw new Error(
    `${name} ${args.join(' ')}: ${done.stderr ?? ''}${done.error?.message ?? ''} (Debian: llvm, binutils)`,
  );
}

const matches = (text, pattern) => [...text.matchAll(pattern)].map(([, found]) => found);

/** Of each system: how the facts are read, and the libraries that every machine with it has. */
const systems = {
  Linux: {
    exports: (file) => matches(tool('llvm-nm', '-D', '--defined-only', file), /^\S+ \w (\S+)$/gm),
    libraries: (file) => matches(tool('llvm-readobj', '--needed-libs', file), /^ {2}(\S+)$/gm),
    known: /^(lib(c|m|dl|rt|pthread)\.so(\.\d)?|ld-linux-\S+)$/,
    oldest: (file) => {
      const asked = matches(tool('llvm-readobj', '--version-info', file), /Name: GLIBC_([\d.]+)/g);
      const tooNew = asked.filter((version) => {
        const [major, minor] = version.split('.').map(Number);
        return major > GLIBC[0] || minor > GLIBC[1];
      });
      return tooNew.length > 0 ? `needs glibc ${tooNew.join(', ')}` : undefined;
    },
  },
  Windows: {
    // LLVM's unwinder marks its functions as exported, which nothing takes back. Another module that asks for a name of
    // theirs asks another file for it, so they disturb nobody.
    exports: (file) =>
      matches(tool('llvm-readobj', '--coff-exports', file), /^ {2}Name: (\S+)$/gm).filter(
        (name) => !/^(_Unwind_\w+|unw_\w+|_GCC_specific_handler)$/.test(name),
      ),
    libraries: (file) => matches(tool('llvm-readobj', '--coff-imports', file), /^ {2}Name: (\S+)$/gm),
    known: /^(node\.exe|KERNEL32\.dll|ntdll\.dll|ADVAPI32\.dll|api-ms-win-crt-\S+\.dll)$/i,
    oldest: () => undefined,
  },
  Darwin: {
    exports: (file) => matches(tool('llvm-objdump', '--macho', '--exports-trie', file), /^0x\S+ {2}_(\S+)/gm),
    libraries: (file) =>
      matches(tool('llvm-objdump', '--macho', '--dylibs-used', file), /^\s+(\S+) \(/gm).filter(
        (name) => !name.endsWith('saliencymix.node'),
      ),
    known: /^\/usr\/lib\/libSystem\.B\.dylib$/,
    oldest: (file) => {
      const [version] = matches(tool('llvm-objdump', '--macho', '--private-headers', file), /minos (\S+)/g);
      return version === MACOS ? undefined : `is for macOS ${version}`;
    },
  },
};

function faults(file, { system }) {
  const { exports, libraries, known, oldest } = systems[system];
  const shown = exports(file).toSorted().join(' ');
  const strange = libraries(file).filter((name) => !known.test(name));
  return [
    ...(shown === EXPORTS.join(' ') ? [] : [`shows ${shown}`]),
    ...(strange.length > 0 ? [`needs ${strange.join(' ')}`] : []),
    ...[oldest(file)].filter(Boolean),
  ];
}

const asked = process.argv.slice(2);
for (const [name, target] of Object.entries(targets)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const file = join(release, name, 'saliencymix.node');
  const found = existsSync(file) ? faults(file, target) : ['is not built'];
  if (found.length > 0) process.exitCode = 1;
  console.log(
    `${found.length > 0 ? 'FAILED' : 'passed'}  ${name}${found.map((one) => `\n  ${one}`).join('')}`,
  );
}
