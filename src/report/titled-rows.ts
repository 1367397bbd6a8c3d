/** Rows of pictures, each with its title. */
import { compose, fitted, type Layer, type Picture, text } from './canvas';

const CELL = 64;
const GAP = 6;
const LEFT = 10;
const WORDS = 290;

export interface TitledRow {
  title: string;
  pictures: readonly Picture[];
}

async function rowLayers({ title, pictures }: TitledRow, top: number): Promise<Layer[]> {
  const words = await text(title, { size: 13, colour: '#1c1e21', maxWidth: WORDS - LEFT - GAP });
  const cells = await Promise.all(pictures.map((picture) => fitted(picture, CELL)));
  return [
    { input: words, left: LEFT, top: top + CELL / 2 - 10 },
    ...cells.map((input, i) => ({ input, left: WORDS + i * (CELL + GAP), top })),
  ];
}

/** A PNG with a row of pictures to the right of each title. */
export async function titledRows(rows: readonly TitledRow[]): Promise<Buffer> {
  const layers = await Promise.all(rows.map((row, i) => rowLayers(row, i * (CELL + GAP))));
  const columns = Math.max(...rows.map(({ pictures }) => pictures.length));
  const width = WORDS + columns * (CELL + GAP) - GAP;
  return compose(width, rows.length * (CELL + GAP) - GAP, '#ffffff', layers.flat());
}
