/** A grid of images. */
import { compose, fitted, type Picture } from './canvas';

const CELL = 96;
const GAP = 6;
const COLUMNS = 8;

/** A PNG of pictures in rows of eight, each enlarged by a whole factor or reduced to one size. */
export async function imageGrid(pictures: readonly Picture[]): Promise<Buffer> {
  const cells = await Promise.all(pictures.map((picture) => fitted(picture, CELL)));
  const columns = Math.min(COLUMNS, cells.length);
  const rows = Math.ceil(cells.length / COLUMNS);
  const place = (i: number) => i * (CELL + GAP);
  const layers = cells.map((input, i) => ({
    input,
    left: place(i % COLUMNS),
    top: place(Math.floor(i / COLUMNS)),
  }));
  return compose(place(columns) - GAP, place(rows) - GAP, '#ffffff', layers);
}
