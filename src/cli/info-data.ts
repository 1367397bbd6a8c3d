/** Prints what was found in a data set. */
import type { DatasetDescription } from '../data/describe';

/** How many classes and problems are shown. */
const CLASSES = 40;
const PROBLEMS = 10;

const line = (name: string, text: string) => console.log(`${name.padEnd(12)} ${text}`);

/** Prints a heading and up to `most` lines below it. */
function block(heading: string, lines: readonly string[], most: number): void {
  console.log(heading);
  for (const text of lines.slice(0, most)) console.log(`  ${text}`);
  if (lines.length > most) console.log(`  … and ${lines.length - most} more (--json has all)`);
}

export function printDescription(found: DatasetDescription): void {
  const { path, format, images, classes, split, splits, sizes, leftOut, problems, notices, soft, doubt } =
    found;
  line('data', path);
  line('format', format);
  line('images', `${images}${split === undefined ? '' : `, split ${split}`}`);
  for (const [name, count] of Object.entries(splits ?? {})) line('split', `${name}: ${count} images`);
  const shown = sizes.slice(0, 5).map(({ height, width, images: of }) => `${height} × ${width} (${of})`);
  const sampled = sizes.reduce((sum, { images: of }) => sum + of, 0);
  line(
    'sizes',
    `${shown.join(', ')}${sizes.length > 5 ? `, and ${sizes.length - 5} more` : ''}, of ${sampled} images looked at`,
  );
  if (soft) line('labels', 'soft: weights of all classes');
  block(
    `classes      ${classes.length}`,
    classes.map(({ name, images: of }) => `${name.padEnd(26)} ${of}`),
    CLASSES,
  );
  for (const [ending, count] of Object.entries(leftOut)) line('left out', `${count} ${ending}`);
  if (problems.length > 0) {
    const lines = problems.map(({ file, reason }) => `${file}: ${reason}`);
    block(`problems     ${problems.length}`, lines, PROBLEMS);
  }
  for (const notice of notices) line('note', notice);
  if (doubt !== undefined) line('doubt', doubt);
}
