/** Methods as the tables name them. */
import { mixerOptions } from '../mix/options';
import { mixSaliencies } from '../saliency/methods';
import { schemeNames } from '../mix/schemes';
import type { Column, Row } from './experiment';

export const none: Row = { name: 'none', title: 'baseline', mixer: { method: 'none' } };
/** On every image, as published. */
const cutoutOf = (length: number): Row => ({
  name: `cutout-${length}`,
  title: `Cutout ${length}`,
  mixer: { method: 'cutout', length, fill: 'mean', probability: 1 },
});
export const cutout: Row = { ...cutoutOf(16), name: 'cutout' };
/** Of CIFAR-100, and of ImageNet as CutMix's authors have it. */
export const cutout8: Row = cutoutOf(8);
export const cutout112: Row = cutoutOf(112);
export const mixup: Row = { name: 'mixup', title: 'Mixup', mixer: { method: 'mixup' } };
export const cutmix: Row = { name: 'cutmix', title: 'CutMix', mixer: { method: 'cutmix' } };
export const resizemix: Row = { name: 'resizemix', title: 'ResizeMix', mixer: { method: 'resizemix' } };
export const guidedmixup: Row = {
  name: 'guidedmixup',
  title: 'GuidedMixup (spectral residual)',
  mixer: { method: 'guidedmixup' },
};
export const saliencymix: Row = {
  name: 'saliencymix',
  title: 'SaliencyMix',
  mixer: { method: 'saliencymix' },
};
/** By the network's own gradients (Kim et al., ICML 2020). */
export const puzzlemix: Row = {
  name: 'puzzlemix',
  title: 'PuzzleMix',
  mixer: { method: 'puzzlemix', saliency: 'gradient' },
};
/** A method that mixes nothing: it changes the network, or each image by itself. */
export const unmixed = (name: string, title: string, learning: Row['learning']): Row => ({
  name,
  title,
  learning,
  mixer: { method: 'none' },
});
/** What the authors' code does: one box a batch, cut off at the border, around a peak of their noise. */
export const released: Row = {
  name: 'released-exact',
  title: 'SaliencyMix as released',
  mixer: { preset: 'released-exact' },
};
export const bySaliency: Row = {
  name: 'saliency-labels',
  title: 'SaliencyMix, labels by what is seen',
  mixer: { method: 'saliencymix', labelRule: 'saliency' },
};

/** The row of a setting; of SaliencyMix's own one its row, so that this is trained once for all tables. */
const rowOf = (setting: 'saliency' | 'scheme', value: string, title: string): Row =>
  value === mixerOptions[setting].default
    ? { ...saliencymix, title, alias: value }
    : { name: value, title, mixer: { method: 'saliencymix', [setting]: value } };

/** SaliencyMix with each saliency that needs neither a network nor a file. */
export const saliencyRows: readonly Row[] = mixSaliencies
  .filter((name) => name !== 'learned' && name !== 'gradient' && name !== 'float-bytes')
  .map((saliency) => rowOf('saliency', saliency, saliency));

/** SaliencyMix with each scheme. */
export const schemeRows: readonly Row[] = schemeNames.map((scheme) =>
  rowOf('scheme', scheme, scheme.replaceAll('-', ' ')),
);

export const plain: Column = {
  name: 'plain',
  title: 'without crop and flip',
  learning: { crop: 0, flip: false },
};
export const augmented: Column = { name: 'augmented', title: 'with crop and flip', learning: {} };
