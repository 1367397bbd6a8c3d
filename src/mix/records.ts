/**
 * Samples as the two flat arrays that the addon reads and completes. The addon says which number has which
 * position.
 */
import type { NativeSamples, RecordLayout } from '../native/binding';
import { addon } from '../native/load';
import type { Box, ImageBatch } from '../types';
import { decodeFill, encodeFill } from './fill';
import { isMixed, kindOf, type MixKind, type MixSample } from './kinds';
import { type BatchMasks, maskOf } from './masks';
import type { Anchor, MethodDraw } from './method';

const FIRST_TIE = -1;
const CORRESPONDING: Anchor = { kind: 'corresponding' };

let known: RecordLayout | undefined;

/** The layout is asked for when it is first needed, since that loads the addon. */
const layout = (): RecordLayout => (known ??= addon().recordLayout());

/** Native code knows nothing of masks: until they are found, their samples stand as blended ones. */
const numberOf = (kind: MixKind): number => layout().kinds.indexOf(kind === 'masked' ? 'blend' : kind);

/**
 * Records of zeros. Both arrays share one buffer, so that a call makes only one object for the garbage
 * collector.
 */
export function newRecords(samples: number): NativeSamples {
  const { ints, doubles } = layout();
  const bytesOfDoubles = samples * doubles.end * Float64Array.BYTES_PER_ELEMENT;
  const memory = new ArrayBuffer(bytesOfDoubles + samples * ints.end * Int32Array.BYTES_PER_ELEMENT);
  return {
    samples,
    ints: new Int32Array(memory, bytesOfDoubles, samples * ints.end),
    doubles: new Float64Array(memory, 0, samples * doubles.end),
  };
}

/** The kinds of mixing and of both anchors as numbers: the same for all samples that a method draws. */
export interface DrawKinds {
  readonly kind: number;
  readonly from: number;
  readonly to: number;
}

export function kindsOf({ kind, from = CORRESPONDING, to = CORRESPONDING }: MethodDraw): DrawKinds {
  const { anchors } = layout();
  return { kind: numberOf(kind), from: anchors[from.kind], to: anchors[to.kind] };
}

/**
 * Writes sample i, with image i as its target. Its boxes are not placed yet; the numbers of its anchors are
 * written by writePlace and writeTie.
 */
export function writeDraw(
  { ints, doubles }: NativeSamples,
  i: number,
  { kind, from, to }: DrawKinds,
  lambda: number,
  fill: number,
): void {
  const { ints: int, doubles: double } = layout();
  const at = i * int.end;
  ints[at + int.target] = i;
  ints[at + int.source] = i;
  ints[at + int.kind] = kind;
  ints[at + int.boxOwner] = i;
  ints[at + int.from] = from;
  ints[at + int.to] = to;
  ints[at + int.fill] = fill;
  const doubleAt = i * double.end;
  doubles[doubleAt + double.lambda] = lambda;
  doubles[doubleAt + double.uOfFrom] = FIRST_TIE;
  doubles[doubleAt + double.uOfTo] = FIRST_TIE;
}

type Side = 'from' | 'to';

/** Writes the pixel of an anchor of kind 'given'. */
export function writePlace({ ints }: NativeSamples, i: number, side: Side, row: number, col: number): void {
  const { ints: int } = layout();
  const at = i * int.end + int[side];
  ints[at + 1] = row;
  ints[at + 2] = col;
}

/** Writes the number, in [0, 1), that picks among equally salient pixels. */
export function writeTie({ doubles }: NativeSamples, i: number, side: Side, u: number): void {
  const { doubles: double } = layout();
  doubles[i * double.end + (side === 'from' ? double.uOfFrom : double.uOfTo)] = u;
}

/** Writes boxes that were drawn, so that native code need not place them. */
export function writeBoxes({ ints }: NativeSamples, i: number, { from, to }: { from: Box; to: Box }): void {
  const { ints: int } = layout();
  ints.set(sidesOf(from), i * int.end + int.fromBox);
  ints.set(sidesOf(to), i * int.end + int.toBox);
}

/** Copies the draw of the first sample to sample i, which will also share its anchors and boxes. */
export function shareFirst({ ints, doubles }: NativeSamples, i: number): void {
  const { ints: int, doubles: double } = layout();
  ints.copyWithin(i * int.end, 0, int.end);
  doubles.copyWithin(i * double.end, 0, double.end);
  ints[i * int.end + int.target] = i;
  ints[i * int.end + int.source] = i;
}

export function writeSource({ ints }: NativeSamples, i: number, source: number): void {
  const { ints: int } = layout();
  ints[i * int.end + int.source] = source;
}

export function writeLambda({ doubles }: NativeSamples, i: number, lambda: number): void {
  const { doubles: double } = layout();
  doubles[i * double.end + double.lambda] = lambda;
}

/** The positions of samples that are blended. */
export function blendedSamples({ samples, ints }: NativeSamples): number[] {
  const { ints: int } = layout();
  const blend = numberOf('blend');
  return Array.from({ length: samples }, (_, i) => i).filter((i) => ints[i * int.end + int.kind] === blend);
}

/** Records that leave every image of a batch as it is. */
export function keepAll(samples: number): NativeSamples {
  const records = newRecords(samples);
  const kept = kindsOf({ kind: 'keep' });
  for (let i = 0; i < samples; i++) writeDraw(records, i, kept, 1, 0);
  return records;
}

export function writeTarget({ ints }: NativeSamples, i: number, target: number): void {
  const { ints: int } = layout();
  ints[i * int.end + int.target] = target;
}

/** Copies all numbers of a sample from one batch's records to another's. */
function copySample(from: NativeSamples, at: number, to: NativeSamples, toAt: number): void {
  const { ints: int, doubles: double } = layout();
  to.ints.set(from.ints.subarray(at * int.end, (at + 1) * int.end), toAt * int.end);
  to.doubles.set(from.doubles.subarray(at * double.end, (at + 1) * double.end), toAt * double.end);
}

/** A copy of the samples at `positions`. `boxOwner` becomes a position within the copy. */
export function pickRecords(all: NativeSamples, positions: readonly number[]): NativeSamples {
  const { end, boxOwner } = layout().ints;
  const picked = newRecords(positions.length);
  const local = new Map(positions.map((position, i) => [position, i]));
  positions.forEach((position, i) => {
    copySample(all, position, picked, i);
    picked.ints[i * end + boxOwner] = local.get(all.ints[position * end + boxOwner]) as number;
  });
  return picked;
}

/** Copies placed samples back to where pickRecords took them from; `boxOwner` stays as it was there. */
export function putBackRecords(
  all: NativeSamples,
  positions: readonly number[],
  picked: NativeSamples,
): void {
  const { end, boxOwner } = layout().ints;
  positions.forEach((position, i) => {
    const owner = all.ints[position * end + boxOwner];
    copySample(picked, i, all, position);
    all.ints[position * end + boxOwner] = owner;
  });
}

/** The images in whose saliency maps an anchor must be found. Samples that share another's boxes need none of their own. */
export function salientImages({ samples, ints }: NativeSamples): Set<number> {
  const { ints: int, anchors } = layout();
  const isSalient = (kind: number) => kind === anchors.peak || kind === anchors.low;
  const images = new Set<number>();
  for (let i = 0; i < samples; i++) {
    const at = i * int.end;
    if (ints[at + int.boxOwner] !== i) continue;
    if (isSalient(ints[at + int.from])) images.add(ints[at + int.source]);
    if (isSalient(ints[at + int.to])) images.add(ints[at + int.target]);
  }
  return images;
}

/** Whether any sample shows a part of its source in place of its target's. */
export function showsParts({ samples, ints }: NativeSamples): boolean {
  const { ints: int } = layout();
  const parts = new Set((['paste', 'resize'] as const).map(numberOf));
  for (let i = 0; i < samples; i++) if (parts.has(ints[i * int.end + int.kind])) return true;
  return false;
}

/** The two images whose labels are mixed, and the weight of the target's. */
export interface LabelShare {
  target: number;
  source: number;
  lambda: number;
}

export function shareOf({ ints, doubles }: NativeSamples, i: number): LabelShare {
  const { ints: int, doubles: double } = layout();
  const at = i * int.end;
  return {
    target: ints[at + int.target],
    source: ints[at + int.source],
    lambda: doubles[i * double.end + double.lambda],
  };
}

/** What is known of placed samples besides their records. */
export interface Placed {
  /** Of the targets' labels, where they are not lambda. */
  weights?: Float64Array;
  /** Where samples are mixed by masks: these, and the images. */
  masks?: BatchMasks;
  images?: ImageBatch;
}

/** Placed records as the samples of a plan. */
export function decodeSamples(
  records: NativeSamples,
  methodOf: (sample: number) => string,
  { weights, masks }: Placed = {},
): MixSample[] {
  const { samples, ints } = records;
  const { ints: int, kinds: names } = layout();
  return Array.from({ length: samples }, (_, i): MixSample => {
    const at = i * int.end;
    const box = (side: number): Box => ({
      top: ints[at + side],
      left: ints[at + side + 1],
      bottom: ints[at + side + 2],
      right: ints[at + side + 3],
    });
    const plain = names[ints[at + int.kind]] as MixKind;
    const kind = masks && plain === 'blend' ? 'masked' : plain;
    const fields = {
      to: () => box(int.toBox),
      from: () => box(int.fromBox),
      anchor: () => [ints[at + int.from + 1], ints[at + int.from + 2]],
      fill: () => decodeFill(ints[at + int.fill]),
    };
    const share = shareOf(records, i);
    const sample = { ...share, kind, mixed: isMixed({ ...share, kind }), method: methodOf(i) } as MixSample;
    if (weights && weights[i] !== share.lambda) sample.labelLambda = weights[i];
    if (masks && kind === 'masked') Object.assign(sample, maskOf(masks, i));
    for (const field of kindOf(sample).fields) Object.assign(sample, { [field]: fields[field]() });
    return sample;
  });
}

/** The kinds of mixing that occur among samples, each once. */
export function kindsIn(samples: readonly MixSample[]): MixKind[] {
  return [...new Set(samples.map(({ kind }) => kind))];
}

const sidesOf = (box: Box) => [box.top, box.left, box.bottom, box.right];

/** The samples of a plan as records. `fill`, where it is given, replaces that of the samples. */
export function encodeSamples(samples: readonly MixSample[], fill?: number): NativeSamples {
  const records = newRecords(samples.length);
  const { ints, doubles } = records;
  const { ints: int, doubles: double } = layout();
  samples.forEach((sample, i) => {
    const at = i * int.end;
    ints[at + int.target] = sample.target;
    ints[at + int.source] = sample.source;
    ints[at + int.kind] = numberOf(sample.kind);
    ints[at + int.boxOwner] = i;
    ints[at + int.fill] = fill ?? encodeFill(sample.fill ?? 0);
    const { fields } = kindOf(sample);
    if (sample.from && fields.includes('from')) ints.set(sidesOf(sample.from), at + int.fromBox);
    if (sample.to && fields.includes('to')) ints.set(sidesOf(sample.to), at + int.toBox);
    doubles.set([sample.lambda, FIRST_TIE, FIRST_TIE], i * double.end);
  });
  return records;
}
