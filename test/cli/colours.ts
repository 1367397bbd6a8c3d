/** Images that a small network learns in seconds: a disc of one of three colours on grey noise. */
import sharp from 'sharp';
import { noise } from '../batches';
import { writeInto } from './fixtures';

const COLOURS = { red: [230, 40, 40], green: [40, 200, 60], blue: [50, 70, 230] } as const;
const SIDE = 16;

async function disc(colour: readonly number[], number: number): Promise<Buffer> {
  const { data } = noise(number, [1, SIDE, SIDE, 3]);
  const [row, col] = [5 + (number % 6), 5 + ((7 * number) % 6)];
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const grey = 110 + (data[(y * SIDE + x) * 3] >> 3);
      const inside = (y - row) ** 2 + (x - col) ** 2 <= 16;
      data.set(inside ? colour : [grey, grey, grey], (y * SIDE + x) * 3);
    }
  }
  return sharp(Buffer.from(data), { raw: { width: SIDE, height: SIDE, channels: 3 } })
    .png()
    .toBuffer();
}

/** Splits as folders, the three classes in turn. */
export async function colourFolder(folder: string, counts: Record<string, number>): Promise<void> {
  for (const [split, count] of Object.entries(counts)) {
    for (let i = 0; i < count; i++) {
      const [name, colour] = Object.entries(COLOURS)[i % 3];
      const number = String(Math.floor(i / 3)).padStart(3, '0');
      writeInto(
        folder,
        `${split}/${name}/${number}.png`,
        await disc(colour, i + (split === 'train' ? 0 : 5000)),
      );
    }
  }
}
