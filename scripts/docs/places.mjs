// Text between marks in a Markdown file: <!-- name --> and <!-- /name -->.
import { readFileSync, writeFileSync } from 'node:fs';

/** The text of a file with all of its places filled; each must be there. */
function filled(file, before, parts) {
  let after = before;
  for (const [name, text] of Object.entries(parts)) {
    const place = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);
    if (!place.test(after)) throw new Error(`${file} has no place for ${name}`);
    after = after.replace(place, (_, open, close) => `${open}${text}\n${close}`);
  }
  return after;
}

/** Writes the parts into a file. With `check` nothing is changed, and it fails where the file is out of date. */
export function fill(file, parts, { check }) {
  const before = readFileSync(file, 'utf8');
  const after = filled(file, before, parts);
  if (!check) writeFileSync(file, after);
  else if (after !== before) throw new Error(`${file} is out of date: npm run docs`);
}

/** Writes a file that is made as a whole. */
export function put(file, text, { check }) {
  if (!check) return writeFileSync(file, text);
  if (readFileSync(file, 'utf8') !== text) throw new Error(`${file} is out of date: npm run docs`);
}
