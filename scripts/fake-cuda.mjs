// node scripts/fake-cuda.mjs <folder>: for the tests of test/cuda, on machines without a card. Puts a release of ONNX Runtime with
// its CUDA provider into <folder>/ort, and into <folder>/lib libraries of CUDA's names, which say that there is a card, give out
// the host's memory as its memory, copy, and compute nothing: kernels are not run, and cuDNN refuses everything. So far as that,
// all is real: ONNX Runtime's session, placement of nodes, bindings, arenas and copies.
//
// Needs CUDA's headers (nvcc's), gcc, readelf, strings, and npm's registry.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cudaProvider, packageOf, ORT } from './card/ort.mjs';

const folder = resolve(process.argv[2]);
const headers = ['/usr/local/cuda/include', '/usr/include'].find((one) =>
  existsSync(join(one, 'cuda_runtime_api.h')),
);
if (headers === undefined) throw new Error("CUDA's headers are not here: install nvcc");

const said = (command, ...words) => execFileSync(command, words, { encoding: 'utf8', maxBuffer: 2 ** 28 });

/** Functions with something to do, by name: parameters and body. All others give 0. */
const BODIES = {
  cudaGetDeviceCount: ['int *count', '*count = 1; return 0;'],
  cudaGetDevice: ['int *device', '*device = 0; return 0;'],
  cudaGetDeviceProperties: [
    'struct cudaDeviceProp *p, int device',
    'memset(p, 0, sizeof *p); strcpy(p->name, "no card"); p->major = 9; p->multiProcessorCount = 4; p->maxThreadsPerBlock = 1024; p->totalGlobalMem = 8ull << 30; p->warpSize = 32; p->sharedMemPerBlock = 49152; p->maxGridSize[0] = 1 << 30; p->maxThreadsDim[0] = 1024; return 0;',
  ],
  cudaDeviceGetAttribute: ['int *value, int attribute, int device', '*value = 1024; return 0;'],
  cudaDriverGetVersion: ['int *version', '*version = 13000; return 0;'],
  cudaRuntimeGetVersion: ['int *version', '*version = 13000; return 0;'],
  cudaMalloc: ['void **p, size_t size', 'return take(p, size);'],
  cudaMallocHost: ['void **p, size_t size', 'return take(p, size);'],
  cudaHostAlloc: ['void **p, size_t size, unsigned flags', 'return take(p, size);'],
  cudaFree: ['void *p', 'give(p); return 0;'],
  cudaFreeHost: ['void *p', 'give(p); return 0;'],
  cudaMemGetInfo: ['size_t *left, size_t *all', '*all = limit(); *left = *all - used; return 0;'],
  cudaMemcpy: [
    'void *to, const void *from, size_t size, int kind',
    'if (!lost()) memmove(to, from, size); return lost();',
  ],
  cudaStreamSynchronize: ['void *stream', 'return lost();'],
  cudaMemcpyAsync: [
    'void *to, const void *from, size_t size, int kind, void *stream',
    'if (!lost()) memmove(to, from, size); return lost();',
  ],
  cudaMemset: ['void *p, int value, size_t size', 'memset(p, value, size); return 0;'],
  cudaMemsetAsync: ['void *p, int value, size_t size, void *stream', 'memset(p, value, size); return 0;'],
  cudaStreamCreate: ['void **stream', '*stream = malloc(1); return 0;'],
  cudaStreamCreateWithFlags: ['void **stream, unsigned flags', '*stream = malloc(1); return 0;'],
  cudaStreamDestroy: ['void *stream', 'free(stream); return 0;'],
  cudaStreamIsCapturing: ['void *stream, int *status', '*status = 0; return 0;'],
  cudaEventCreate: ['void **event', '*event = malloc(1); return 0;'],
  cudaEventCreateWithFlags: ['void **event, unsigned flags', '*event = malloc(1); return 0;'],
  cudaEventDestroy: ['void *event', 'free(event); return 0;'],
  cudaFuncGetAttributes: [
    'struct cudaFuncAttributes *a, const void *f',
    'memset(a, 0, sizeof *a); a->maxThreadsPerBlock = 1024; return 0;',
  ],
  cudaLaunchHostFunc: ['void *stream, void (*call)(void *), void *with', 'call(with); return 0;'],
  cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags: [
    'int *blocks, const void *f, int size, size_t shared, unsigned flags',
    '*blocks = 1; return 0;',
  ],
  cudaGetErrorName: [
    'int error',
    'return (long)(error == 2 ? "cudaErrorMemoryAllocation" : error == 719 ? "cudaErrorLaunchFailure" : "no error");',
  ],
  cudaGetErrorString: [
    'int error',
    'return (long)(error == 2 ? "out of memory" : error == 719 ? "unspecified launch failure" : "no error");',
  ],
  cudaGetDriverEntryPointByVersion: ['void', 'return 500;'],
  __cudaRegisterFatBinary: ['void *binary', 'static void *handle[2]; return (long)handle;'],
  cublasCreate_v2: ['void **handle', '*handle = malloc(1); return 0;'],
  cublasDestroy_v2: ['void *handle', 'free(handle); return 0;'],
  cublasGetStatusName: ['int status', 'return (long)"not a card";'],
  cublasGetStatusString: ['int status', 'return (long)"not a card";'],
  cublasLtCreate: ['void **handle', '*handle = malloc(1); return 0;'],
  cublasLtDestroy: ['void *handle', 'free(handle); return 0;'],
  cudnnCreate: ['void **handle', '*handle = malloc(1); return 0;'],
  cudnnDestroy: ['void *handle', 'free(handle); return 0;'],
  cudnnSetStream: ['void', 'return 0;'],
  cudnnGetVersion: ['void', 'return 91000;'],
  cudnnGetErrorString: ['int status', 'return (long)"there is no card behind this cuDNN";'],
};

/** Memory as the card's: counted, and at most FAKE_CUDA_BYTES of it. While the folder has a file "lost", the card is. */
const MEMORY = `
static int lost(void) { return access(${JSON.stringify(join(folder, 'lost'))}, 0) == 0 ? 719 : 0; }
static size_t used;
static size_t limit(void) { const char *text = getenv("FAKE_CUDA_BYTES"); return text ? strtoull(text, 0, 10) : 8ull << 30; }
static int take(void **p, size_t size) {
  if (lost()) return lost();
  if (used + size > limit()) return 2;
  size_t *all = aligned_alloc(256, (size + 511) / 256 * 256);
  if (!all) return 2;
  *all = size; used += size; *p = (char *)all + 256; return 0;
}
static void give(void *p) { if (p) { size_t *all = (size_t *)((char *)p - 256); used -= *all; free(all); } }
`;

function compile(name, functions, rest = '0') {
  const source = functions.map((one) => {
    const [parameters, body] = BODIES[one] ?? ['void', `return ${rest};`];
    return `long ${one}(${parameters}) { ${body} }`;
  });
  const text = `#include <driver_types.h>\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n${MEMORY}\n${source.join('\n')}\n`;
  const file = join(folder, `${name}.c`);
  writeFileSync(file, text);
  // The provider asks for functions of a version that has the library's name.
  writeFileSync(`${file}.map`, `${name} { global: *; };\n`);
  said(
    'gcc',
    '-shared',
    '-fPIC',
    '-w',
    '-O1',
    `-I${headers}`,
    `-Wl,-soname,${name}`,
    `-Wl,--version-script=${file}.map`,
    '-o',
    join(folder, 'lib', name),
    file,
  );
}

mkdirSync(join(folder, 'lib'), { recursive: true });
const ort = join(folder, 'ort');
if (!existsSync(ort)) {
  const binaries = join(packageOf(`onnxruntime-node@${ORT}`), 'bin', 'napi-v6', 'linux', 'x64');
  mkdirSync(ort);
  for (const name of readdirSync(binaries).filter((one) => one.startsWith('libonnxruntime')))
    cpSync(join(binaries, name), join(ort, name));
  for (const file of cudaProvider()) symlinkSync(file, join(ort, file.slice(file.lastIndexOf('/') + 1)));
}
const provider = join(ort, 'libonnxruntime_providers_cuda.so');
const asked = [...said('readelf', '--dyn-syms', '--wide', provider).matchAll(/UND (\w+)@(lib\w+\.so\.\d+)/g)];
const LIBRARIES = [
  'libcudart.so.13',
  'libcublas.so.13',
  'libcublasLt.so.13',
  'libcurand.so.10',
  'libcuda.so.1',
];
const libraries = new Map(LIBRARIES.map((name) => [name, []]));
for (const [, name, library] of asked) libraries.get(library)?.push(name);
for (const [name, functions] of libraries) compile(name, functions);
const cudnn = said('strings', '-n', '6', provider)
  .split('\n')
  .filter((text) => /^cudnn[A-Z]\w+$/.test(text));
compile('libcudnn.so.9', [...new Set(cudnn)], '3000');
if (!existsSync(join(folder, 'lib', 'libcudnn.so')))
  symlinkSync('libcudnn.so.9', join(folder, 'lib', 'libcudnn.so'));
