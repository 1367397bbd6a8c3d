/** Small valid images. */
import { sharp } from './api.mjs';

const made = new Map();

/** An image of a few pixels, another one for each number. */
export async function small(number = 0, format = 'png', side = 8) {
  const key = `${number}.${format}.${side}`;
  if (!made.has(key)) {
    const pixels = Buffer.from(
      Array.from({ length: side * side * 3 }, (_, i) => (i * 29 + number * 83 + (i % 7) * number) % 256),
    );
    made.set(
      key,
      await sharp(pixels, { raw: { height: side, width: side, channels: 3 } })
        .toFormat(format)
        .toBuffer(),
    );
  }
  return made.get(key);
}
