/**
 * How large what is read of a data set may be. A few bytes can claim an image or a file of gigabytes; so the size that a
 * header or the file system states is compared before memory is taken for it.
 */
import { completed, type OptionsOf, type Parsed, whole } from '../option';

const MIB = 2 ** 20;

/** What the limits can be raised to: pixels to 4 GiB of RGB, the largest array of Node 20; labels to what is parsed as one text. */
const MOST = {
  maxPixels: Math.floor(2 ** 32 / 3),
  maxFileBytes: Number.MAX_SAFE_INTEGER,
  maxLabelBytes: 256 * MIB,
};

export const limitOptions = {
  /** Most pixels of an image; by default those of a square of 16383. An image with more is a bad file. */
  maxPixels: whole(1, {
    max: MOST.maxPixels,
    default: 0x3fff ** 2,
    about: 'most pixels of an image; one with more is left out as a bad file',
  }),
  /** Most bytes of an image file, of a list of labels (a NumPy array, too), and of a file of CIFAR; 512 MiB by default. */
  maxFileBytes: whole(1, {
    default: 512 * MIB,
    about:
      'most bytes of an image file (one with more is left out as a bad file), of a list of labels, and of a file of CIFAR',
  }),
  /** Most bytes of the label of one image: of its own file, or of its line in a list; 1 MiB by default. */
  maxLabelBytes: whole(1, {
    max: MOST.maxLabelBytes,
    default: MIB,
    about: 'most bytes of the label of one image',
  }),
};

export type Limits = Parsed<typeof limitOptions>;

/** The limits among the options of a data set, completed. */
export const limitsOf = (options: OptionsOf<typeof limitOptions>): Limits => completed(limitOptions, options);

export const DEFAULT_LIMITS = limitsOf({});

type BytesLimit = 'maxFileBytes' | 'maxLabelBytes';

/** The limits' names on the command line. */
export const FLAGS: { readonly [Name in keyof Limits]: string } = {
  maxPixels: '--max-pixels',
  maxFileBytes: '--max-file-bytes',
  maxLabelBytes: '--max-label-bytes',
};

/** What raises a limit, in words; nothing where the option cannot be so large. */
function advice(name: keyof Limits, found: number): string {
  if (found > MOST[name]) return '';
  return `; to read it all the same give ${FLAGS[name]} ${found} (${name})`;
}

const bytesInWords = (bytes: number): string => (bytes % MIB === 0 ? `${bytes / MIB} MiB` : `${bytes} bytes`);

/** Of a file with too many bytes, in words that follow its name. */
export function tooManyBytes(found: number, limits: Limits, name: BytesLimit = 'maxFileBytes'): string {
  return `has ${found} bytes, more than the limit of ${bytesInWords(limits[name])}${advice(name, found)}`;
}

/** The same of a file with the label of one image. */
export function tooLongLabel(found: number, limits: Limits): string {
  const most = bytesInWords(limits.maxLabelBytes);
  return `is too large for a label (more than ${most}): it has ${found} bytes${advice('maxLabelBytes', found)}`;
}

/** Of an image with too many pixels, in words that follow its name. The size is that of its header, where that tells it. */
export function tooManyPixels(
  size: readonly [height: number, width: number] | undefined,
  most: number,
): string {
  const limit = most < 1e6 ? String(most) : `${Math.floor(most / 1e6)} million`;
  if (!size) return `is too large: it has more than ${limit} pixels; make it smaller`;
  const [height, width] = size;
  const its = `${height} × ${width}, height × width`;
  return `is too large: it has more than ${limit} pixels (${its}); make it smaller${advice('maxPixels', height * width)}`;
}
