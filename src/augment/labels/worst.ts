/** The picture of the samples whose labels are farthest from what is seen. */
import { applyPlan } from '../../mix/apply';
import { type MixPlan, PLAN_VERSION } from '../../mix/plan';
import { percent } from '../../report/figures';
import { contactSheet, type SheetRow } from '../../report/sheet';
import { saliency } from '../../saliency/index';
import type { ImageBatch } from '../../types';
import type { Seen } from './seen';

const SHOWN = 6;

type Sample = MixPlan['samples'][number];

/** A sample by the area, with copies of its two images. */
interface Bad {
  error: number;
  sample: Sample;
  seen: Seen;
  classes: { target: string; source: string };
  images: ImageBatch;
}

/** Keeps the samples with the largest errors; of equal ones those that came first. */
export class Worst {
  #found: Bad[] = [];

  /** @param make what to keep of the sample, if it is kept */
  consider(error: number, make: () => Omit<Bad, 'error'>): void {
    const last = this.#found.at(-1);
    if (error === 0 || (this.#found.length === SHOWN && last && error <= last.error)) return;
    this.#found.push({ error, ...make() });
    this.#found = this.#found.toSorted((a, b) => b.error - a.error).slice(0, SHOWN);
  }

  /** A PNG; undefined where no label is wrong. */
  async picture(subtitle: string): Promise<Uint8Array | undefined> {
    if (this.#found.length === 0) return undefined;
    const rows = await Promise.all(this.#found.map(rowOf));
    return contactSheet(rows, { title: 'Labels by area that are farthest from what is seen', subtitle });
  }
}

/** The target and the source of a sample, as a batch of two. */
export function pairOf({ data, shape }: ImageBatch, { target, source }: Sample): ImageBatch {
  const [, height, width, channels] = shape;
  const bytes = height * width * channels;
  const pair = new Uint8Array(2 * bytes);
  pair.set(data.subarray(target * bytes, (target + 1) * bytes));
  pair.set(data.subarray(source * bytes, (source + 1) * bytes), bytes);
  return { data: pair, shape: [2, height, width, channels] };
}

async function rowOf({ sample, seen, classes, images }: Bad): Promise<SheetRow> {
  const [, height, width] = images.shape;
  const alone = { ...sample, target: 0, source: 1 };
  const plan: MixPlan = { version: PLAN_VERSION, height, width, count: 2, samples: [alone] };
  const mixed = await applyPlan(plan, images);
  const { maps } = await saliency(images);
  const bytes = images.data.length / 2;
  const picture = (pixels: Uint8Array) => ({ pixels, height, width });
  const named = (name: string, share: number) => `${name}, ${percent(share, 0)} seen`;
  return {
    target: picture(images.data.subarray(0, bytes)),
    source: picture(images.data.subarray(bytes)),
    map: maps.subarray(height * width),
    peak: sample.anchor,
    from: sample.from,
    to: sample.to,
    mixed: picture(mixed.data),
    lambda: sample.lambda,
    targetClass: named(classes.target, seen.target),
    sourceClass: named(classes.source, seen.source),
    kept: false,
  };
}
