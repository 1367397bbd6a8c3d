/** Where the library of ONNX Runtime is: beside onnxruntime-node's own addon, or in the folder that SALIENCYMIX_ORT names. */
import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { reasonOf } from '../errors';

/** libonnxruntime.so.1, libonnxruntime.1.30.0.dylib, onnxruntime.dll */
const LIBRARY = /^(libonnxruntime\.so(\.\d+)*|libonnxruntime(\.\d+)*\.dylib|onnxruntime\.dll)$/;

/** The folders below onnxruntime-node's bin/ are named after the version of Node-API that it was built for. */
function packageFolder(): string {
  const bin = join(dirname(require.resolve('onnxruntime-node/package.json')), 'bin');
  const [version] = readdirSync(bin)
    .filter((name) => /^napi-v\d+$/.test(name))
    .toSorted((a, b) => Number(b.slice('napi-v'.length)) - Number(a.slice('napi-v'.length)));
  return join(bin, version, process.platform, process.arch);
}

/**
 * The full path of the library.
 * @throws Error that says what is missing
 */
export function libraryPath(): string {
  const chosen = process.env.SALIENCYMIX_ORT;
  let folder: string;
  let names: string[];
  try {
    folder = chosen ? resolve(chosen) : packageFolder();
    names = readdirSync(folder);
  } catch (error) {
    const what = chosen
      ? 'the folder that SALIENCYMIX_ORT names'
      : 'the library of the package onnxruntime-node';
    throw new Error(`${what} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
  const name = names.find((one) => LIBRARY.test(one));
  if (name === undefined) throw new Error(`${folder} holds no library of ONNX Runtime`);
  return join(folder, name);
}
