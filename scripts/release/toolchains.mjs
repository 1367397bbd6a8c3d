// The compilers as CMake's settings: Zig's for a target, or this machine's own.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { MACOS } from './targets.mjs';
import { here, root, run, tools, zig } from './tools.mjs';

const require = createRequire(join(root, 'package.json'));

/** Programs with one name each, as CMake calls them. */
function wrappers(name, { triple, cuda, system }) {
  const folder = join(tools, name);
  mkdirSync(folder, { recursive: true });
  const program = zig();
  const commands = {
    cc: `exec "${program}" cc -target ${triple} "$@"`,
    'c++': `${cuda ? gccLinkedByZig(triple, folder) : ''}${system === 'Darwin' ? linkedByLld(triple, folder) : ''}${
      cuda ? 'exec g++ "$@"' : `exec "${program}" c++ -target ${triple} "$@"`
    }`,
    ar: `exec "${program}" ar "$@"`,
    ranlib: `exec "${program}" ranlib "$@"`,
    rc: `exec "${program}" rc "$@"`,
  };
  for (const [file, command] of Object.entries(commands)) {
    const path = join(folder, file);
    writeFileSync(path, `#!/bin/sh\n${command}\n`);
    chmodSync(path, 0o755);
  }
  return folder;
}

/**
 * g++ compiles; Zig links shared libraries, to its list of an old glibc's functions, with g++'s C++ library and LLVM's unwinder.
 * What of the C++ library is not called is left out, as some of it needs a new glibc.
 */
function gccLinkedByZig(triple, folder) {
  const old = join(folder, 'glibc_2_28.o');
  run(zig(), ['cc', '-target', triple, '-O2', '-fPIC', '-c', join(here, 'glibc_2_28.c'), '-o', old]);
  const library = run('g++', ['-print-file-name=libstdc++.a']).trim();
  return `for argument do
  if [ "$argument" = -shared ]; then
    exec "${zig()}" cc -target ${triple} "$@" "${old}" "${library}" -lunwind -lm -lpthread -Wl,--gc-sections
  fi
done
`;
}

/** Zig's linker for macOS knows no list of exports; LLVM's does, and takes Zig's C++ library. */
function linkedByLld(triple, folder) {
  const nothing = join(folder, 'nothing.cc');
  writeFileSync(nothing, '#include <string>\nstd::string nothing(int n) { return std::to_string(n); }\n');
  const args = ['c++', '-target', triple, '-shared', nothing, '-o', join(folder, 'nothing.dylib'), '-v'];
  const { stderr } = spawnSync(zig(), args, { encoding: 'utf8' });
  const archives = (/^zig ld .*$/m.exec(stderr)?.[0] ?? '').split(' ').filter((one) => one.endsWith('.a'));
  if (archives.length !== 3) throw new Error(`Zig does not say what it links for ${triple}:\n${stderr}`);
  const system = join(dirname(zig()), 'lib', 'libc', 'darwin', 'libSystem.tbd');
  const libraries = [...archives, system].map((file) => `"${file}"`).join(' ');
  const target = triple.replace(/^aarch64-macos\./, 'arm64-apple-macos').replace('-macos.', '-apple-macos');
  return `for argument do
  if [ "$argument" = -dynamiclib ]; then
    exec clang++ --target=${target} -fuse-ld=lld -nostdlib "$@" ${libraries} -Wl,-dead_strip -Wl,-S
  fi
done
`;
}

/** This machine's own compilers. */
export const ownToolchain = ({ system }) => ({
  CMAKE_BUILD_TYPE: 'Release',
  ...(system === 'Darwin' && { CMAKE_OSX_DEPLOYMENT_TARGET: MACOS }),
});

/** Zig's, or g++ and Zig's linker, by the names that CMake knows. */
export function zigToolchain(name, target) {
  const tool = wrappers(name, target);
  return {
    CMAKE_BUILD_TYPE: 'Release',
    CMAKE_SYSTEM_NAME: target.system,
    CMAKE_SYSTEM_PROCESSOR: target.processor,
    CMAKE_C_COMPILER: join(tool, 'cc'),
    CMAKE_CXX_COMPILER: join(tool, 'c++'),
    CMAKE_AR: join(tool, 'ar'),
    CMAKE_RANLIB: join(tool, 'ranlib'),
    CMAKE_RC_COMPILER: join(tool, 'rc'),
    ...(target.system === 'Darwin' && {
      CMAKE_OSX_SYSROOT: '',
      CMAKE_OSX_DEPLOYMENT_TARGET: '',
      CMAKE_INSTALL_NAME_TOOL: 'true', // nothing is installed
    }),
  };
}

/** What a Windows addon is linked with: the functions that Node's program has, by the lists of node-api-headers. */
export function nodeLibrary(folder, { processor }) {
  const lists = join(dirname(require.resolve('node-api-headers/package.json')), 'def');
  const machine = processor === 'ARM64' ? 'arm64' : 'i386:x86-64';
  return ['js_native_api', 'node_api'].map((list) => {
    const library = join(folder, `${list}.lib`);
    run(zig(), ['dlltool', '-m', machine, '-d', join(lists, `${list}.def`), '-l', library, '-D', 'node.exe']);
    return library;
  });
}
