/**
 * Groups the files of an archive into samples, by the rule of WebDataset: the path up to the first '.' of the base
 * name is the key, and files with the same key are one sample. The rest of the name says what the file is.
 */
import { isImage, sortedByBytes } from './listing';

/** The kinds of files that may hold a label. */
export const LABEL_KINDS = ['cls', 'json', 'txt'] as const;
export type LabelKind = (typeof LABEL_KINDS)[number];

export interface LabelFile {
  readonly id: string;
  readonly kind: LabelKind;
}

export interface Sample {
  readonly key: string;
  /** The image; undefined if there are several candidates. */
  readonly image?: string;
  /** Images with the same key that are not part of this sample, and all candidates if there are several. */
  readonly merged: readonly string[];
  /** Images that belong to the sample: masks, depth maps, thumbnails. */
  readonly others: readonly string[];
  readonly labels: readonly LabelFile[];
}

/** Samples of the images among `ids`, ordered by bytes; `texts` are the ids of the files that may hold labels. */
export function samplesOf(ids: Iterable<string>, texts: Iterable<string>): Sample[] {
  const groups = new Map<string, Group>();
  for (const id of sortedByBytes([...ids].filter(isImage))) {
    const key = keyOf(id);
    const group = groups.get(key);
    if (group) group.images.push(id);
    else groups.set(key, { images: [id], labels: [] });
  }
  for (const id of texts) groups.get(keyOf(id))?.labels.push(id);
  return Array.from(groups, ([key, { images, labels }]) =>
    sampleOf(
      key,
      images.map((id) => fieldOf(id, key)),
      labels.map((id) => fieldOf(id, key)),
    ),
  );
}

/** Whether a file can contain a label. */
export function isLabelFile(id: string): boolean {
  return (LABEL_KINDS as readonly string[]).includes(labelKindOf(id));
}

/** The ending of a file's name, in lower case. */
export const labelKindOf = (id: string): string => id.slice(id.lastIndexOf('.') + 1).toLowerCase();

interface Field {
  readonly id: string;
  /** The part between key and last extension: `seg` for `0001.seg.png`, '' for `0001.png`. */
  readonly middle: string;
  /** The last extension, in lower case. */
  readonly last: string;
}

/** Ids of images and label files of one key. */
interface Group {
  images: string[];
  labels: string[];
}

/**
 * The image is the one with nothing between key and extension. If there is none, it is the only other one
 * (`0003.v2.png`). A further image with a label file of its own was meant as another sample.
 */
function sampleOf(key: string, images: readonly Field[], labels: readonly Field[]): Sample {
  const plain = images.filter(({ middle }) => middle === '');
  const rivals = plain.length > 0 ? plain : images;
  const image = rivals.length === 1 ? rivals[0] : undefined;
  const rest = images.filter((field) => !rivals.includes(field));
  const own = (field: Field) => labels.some(({ middle }) => middle === field.middle);
  return {
    key,
    image: image?.id,
    merged: [...(image ? [] : rivals), ...rest.filter(own)].map(({ id }) => id),
    others: rest.filter((field) => !own(field)).map(({ id }) => id),
    labels: labels
      .filter(({ middle }) => middle === '' || middle === image?.middle)
      .map(({ id, last }) => ({ id, kind: last as LabelKind })),
  };
}

/** `shard/0001.seg.png` → `shard/0001` */
export function keyOf(id: string): string {
  const dot = id.indexOf('.', id.lastIndexOf('/') + 1);
  return dot < 0 ? id : id.slice(0, dot);
}

function fieldOf(id: string, key: string): Field {
  const last = id.lastIndexOf('.');
  return { id, middle: id.slice(key.length + 1, last), last: id.slice(last + 1).toLowerCase() };
}
