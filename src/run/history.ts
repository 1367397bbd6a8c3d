/** Which versions wrote to a run's folder, and what it means where they are several. */
import type { Warn } from '../warning';
import { type Environment, onnxruntimeVersion, version } from './environment';

/** What wrote to the folder, from where on. */
export interface Stretch {
  versions: Versions;
  /** How much was there when it began: images of an augmentation, steps of training. */
  from: number;
  started: string;
}

export interface Versions {
  saliencymix: string;
  node: string;
  sharp: string;
  libvips: string;
  /** What decodes JPEG files; earlier versions of this package did not say. */
  jpeg?: string;
  /** Where the run has a model. */
  onnxruntime?: string;
}

/** Those that may change a byte of what is written, as messages call them. */
const DECIDING = {
  saliencymix: 'saliencymix',
  sharp: 'sharp',
  libvips: 'libvips',
  jpeg: 'the JPEG decoder',
  onnxruntime: 'onnxruntime-node',
} as const satisfies { readonly [K in keyof Versions]?: string };

export function versionsOf(
  { node, sharp, libvips, jpeg }: Environment,
  { onnx }: { onnx: boolean },
): Versions {
  return {
    saliencymix: version,
    node,
    sharp,
    libvips,
    jpeg,
    ...(onnx && { onnxruntime: onnxruntimeVersion() }),
  };
}

/** A run as far as its history goes; that of earlier versions of this package is told by what else they wrote. */
interface Recorded {
  version: string;
  environment: Environment;
  started: string;
  history?: readonly Stretch[];
}

function historyOf({ version: saliencymix, environment, started, history }: Recorded): readonly Stretch[] {
  if (history !== undefined && history.length > 0) return history;
  const { node, sharp, libvips, jpeg } = environment;
  return [{ versions: { saliencymix, node, sharp, libvips, jpeg }, from: 0, started }];
}

/** Says which versions differ from those that wrote last. What one of them does not tell is not compared. */
export function warnOfVersions(run: Recorded, now: Versions, out: string, warn: Warn): void {
  const { versions: before } = historyOf(run).at(-1) as Stretch;
  const changes = (Object.keys(DECIDING) as (keyof typeof DECIDING)[]).flatMap((name) => {
    const [then, here] = [before[name], now[name]];
    return then === undefined || here === undefined || then === here
      ? []
      : [`${DECIDING[name]} was ${then} and is now ${here}`];
  });
  if (changes.length === 0) return;
  warn(
    `${out} was written with other versions: ${changes.join('; ')}. What is written from here on may differ from what is there; --force starts over`,
  );
}

/** The history of a run that is gone on with; where nothing has changed since, the last entry stands for both. */
export function continued(run: Recorded, { versions, from, started }: Stretch): readonly Stretch[] {
  const history = historyOf(run);
  const last = history.at(-1) as Stretch;
  const same = last.from === from && JSON.stringify(last.versions) === JSON.stringify(versions);
  return same ? history : [...history, { versions, from, started }];
}
