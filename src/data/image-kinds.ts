/** The kinds of image files: what each is called, how its names end, how its bytes begin, and which are decoded. */

export interface ImageKind {
  /** As people call it, for messages. */
  readonly name: string;
  /** Endings of file names, in lower case, without the dot. */
  readonly endings: readonly string[];
  /** Whether it is decoded; of the others it can only be said what they are. */
  readonly isDecoded: boolean;
  /** What its files begin with, one of these: Latin-1, in which a '?' stands for any byte. */
  readonly starts?: readonly string[];
  /** Brands, of which one stands in the first box of a file in the ISO base media format (`ftyp`). */
  readonly brands?: readonly string[];
}

const JP2 = '\0\0\0\x0cjP  \r\n\x87\n';
const JXL = '\0\0\0\x0cJXL \r\n\x87\n';

/** The sizes of the header that follows a BMP's first 14 bytes: two letters alone would match any text. */
const BMP_HEADERS = '\x0c\x28\x34\x38\x40\x6c\x7c';
const bmpStarts = Array.from(BMP_HEADERS, (size) => `BM????\0\0\0\0????${size}\0\0\0`);

/** "P1" … "P6" and white space, P7 with its own line's end. */
const ppmStarts = [1, 2, 3, 4, 5, 6].flatMap((digit) =>
  Array.from(' \t\r\n', (space) => `P${digit}${space}`),
);

/**
 * In this order. A kind that is decoded comes before the same file by another name: an AVIF has the brands of HEIF
 * files in general, too.
 */
export const imageKinds: readonly ImageKind[] = [
  { name: 'JPEG', endings: ['jpg', 'jpeg'], isDecoded: true, starts: ['\xff\xd8\xff'] },
  { name: 'PNG', endings: ['png'], isDecoded: true, starts: ['\x89PNG\r\n\x1a\n'] },
  { name: 'WebP', endings: ['webp'], isDecoded: true, starts: ['RIFF????WEBP'] },
  { name: 'GIF', endings: ['gif'], isDecoded: true, starts: ['GIF87a', 'GIF89a'] },
  {
    name: 'TIFF',
    endings: ['tif', 'tiff'],
    isDecoded: true,
    starts: ['II*\0', 'MM\0*', 'II+\0\x08\0', 'MM\0+\0\x08'],
  },
  { name: 'AVIF', endings: ['avif'], isDecoded: true, brands: ['avif', 'avis'] },
  notDecoded('HEIC', ['heic', 'heif', 'hif'], {
    brands: ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs', 'mif1', 'msf1'],
  }),
  notDecoded('JPEG XL', ['jxl'], { starts: ['\xff\n', JXL] }),
  notDecoded('JPEG 2000', ['jp2', 'j2k', 'j2c', 'jpc', 'jpf', 'jpx'], { starts: [JP2, '\xff\x4f\xff\x51'] }),
  notDecoded('JPEG XR', ['jxr', 'wdp', 'hdp'], { starts: ['II\xbc'] }),
  notDecoded('BMP', ['bmp', 'dib'], { starts: bmpStarts }),
  notDecoded('PPM', ['ppm', 'pgm', 'pbm', 'pnm', 'pam'], { starts: [...ppmStarts, 'P7\n'] }),
  notDecoded('PFM', ['pfm'], { starts: ['PF\n', 'Pf\n'] }),
  notDecoded('Photoshop', ['psd', 'psb'], { starts: ['8BPS\0'] }),
  notDecoded('OpenEXR', ['exr'], { starts: ['\x76\x2f\x31\x01'] }),
  notDecoded('Radiance HDR', ['hdr'], { starts: ['#?RADIANCE', '#?RGBE'] }),
  notDecoded('icon', ['ico'], { starts: ['\0\0\x01\0'] }),
  notDecoded('QOI', ['qoi'], { starts: ['qoif'] }),
  notDecoded('PCX', ['pcx'], { starts: ['\n\x05\x01', '\n\x03\x01', '\n\x02\x01', '\n\0\x01'] }),
  notDecoded('Targa', ['tga']),
  notDecoded('DDS', ['dds'], { starts: ['DDS '] }),
  notDecoded('FITS', ['fits', 'fit'], { starts: ['SIMPLE  ='] }),
  notDecoded('raw camera', ['dng', 'cr2', 'cr3', 'nef', 'arw', 'orf', 'rw2', 'raf'], {
    starts: ['II*\0????CR', 'IIRO', 'IIRS', 'IIU\0', 'FUJIFILMCCD-RAW'],
    brands: ['crx '],
  }),
];

function notDecoded(
  name: string,
  endings: readonly string[],
  marks: Pick<ImageKind, 'starts' | 'brands'> = {},
): ImageKind {
  return { name, endings, isDecoded: false, ...marks };
}

/** The endings of the files that are decoded. */
export const EXTENSIONS: readonly string[] = imageKinds.flatMap(({ endings, isDecoded }) =>
  isDecoded ? endings : [],
);

const byEnding = new Map(imageKinds.flatMap((kind) => kind.endings.map((ending) => [ending, kind])));

/** The kind that a name's ending says (without the dot, in any case); undefined for one that is no image's. */
export function kindOfEnding(ending: string): ImageKind | undefined {
  return byEnding.get(ending.toLowerCase());
}

/** The kind that a file's first bytes say, whatever its name; undefined where they are of none of these. */
export function kindOfBytes(file: Uint8Array): ImageKind | undefined {
  const brands = brandsOf(file);
  // A raw photograph begins like a TIFF and goes on in its own way: the longest beginning counts.
  let found: ImageKind | undefined;
  let longest = 0;
  for (const kind of imageKinds) {
    if (kind.brands?.some((brand) => brands.includes(brand))) return kind;
    for (const start of kind.starts ?? []) {
      if (start.length <= longest || !begins(file, start)) continue;
      found = kind;
      longest = start.length;
    }
  }
  return found;
}

/** Of a kind that is not decoded, what there is to say of a file of it: "is …". */
export function whyNotDecoded({ name }: ImageKind): string {
  const article = /^[aio]/i.test(name) ? 'an' : 'a';
  return `is ${article} ${name} image, which this build does not decode; convert it to JPEG or PNG`;
}

function begins(file: Uint8Array, start: string): boolean {
  if (file.length < start.length) return false;
  for (let i = 0; i < start.length; i++) {
    if (start[i] !== '?' && start.charCodeAt(i) !== file[i]) return false;
  }
  return true;
}

/** The major and the compatible brands of a file in the ISO base media format; none for other files. */
function brandsOf(file: Uint8Array): string[] {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (bytes.length < 12 || bytes.toString('latin1', 4, 8) !== 'ftyp') return [];
  const brands = [bytes.toString('latin1', 8, 12)];
  const end = Math.min(bytes.readUInt32BE(0), bytes.length, LONGEST_BRANDS);
  for (let at = 16; at + 4 <= end; at += 4) brands.push(bytes.toString('latin1', at, at + 4));
  return brands;
}

/** Bytes of that box that are looked at; real ones have some tens. */
const LONGEST_BRANDS = 1024;
