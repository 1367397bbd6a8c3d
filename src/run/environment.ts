/** The versions of programs and libraries that made a result. They are kept with it. */
import { codecVersions } from '../data/codec';
import { levelOf } from '../native/backends';

export { version } from '../version';

/** Version of the optional onnxruntime-node, from its package.json: loading the package takes long. */
export function onnxruntimeVersion(): string | undefined {
  try {
    return (require('onnxruntime-node/package.json') as { version: string }).version;
  } catch {
    return undefined;
  }
}

/** The platform, the backend that mixes, and versions of libraries. */
export interface Environment {
  node: string;
  platform: string;
  backend: string;
  level: string;
  sharp: string;
  libvips: string;
  /** What decodes JPEG files: libjpeg with its version, or 'sharp'. Other files are always decoded by sharp. */
  jpeg: string;
  /** What ran the graphs of a training run, see onnx/engine.ts, and where it computed. */
  engine?: string;
  provider?: string;
  /** Of the native engine: how it computes convolutions, and the level of its code. */
  convolution?: string;
  trainingLevel?: string;
  /** Of the provider cuda. */
  precision?: string;
}

export function environment(backend: string): Environment {
  const { sharp, vips, jpeg } = codecVersions();
  return {
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    backend,
    level: levelOf(backend),
    sharp,
    libvips: vips,
    jpeg,
  };
}
