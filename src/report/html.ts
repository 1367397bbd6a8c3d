/** Markup from templates that escape whatever is put into them: names of classes and paths are anybody's words. */

export class Markup {
  constructor(readonly text: string) {}
}

type Piece = string | number | Markup | readonly Markup[];

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function put(piece: Piece): string {
  if (piece instanceof Markup) return piece.text;
  if (typeof piece === 'object') return piece.map(({ text }) => text).join('');
  return String(piece).replaceAll(/[&<>"']/g, (sign) => ENTITIES[sign]);
}

/** A template whose values are text unless they are markup themselves. */
export function html(parts: TemplateStringsArray, ...pieces: Piece[]): Markup {
  return new Markup(parts.reduce((all, part, i) => `${all}${put(pieces[i - 1])}${part}`));
}

export const NOTHING = new Markup('');

/** Data for a script to read. Inside a script element only `<` could end it, and JSON may write that in another way. */
export function json(id: string, data: unknown): Markup {
  const text = JSON.stringify(data).replaceAll('<', '\\u003c');
  return html`<script type="application/json" id="${id}">${new Markup(text)}</script>`;
}

/** A whole number with its thousands apart. */
export const count = (value: number): string => value.toLocaleString('en-US');

/** "1 step", "2 steps". */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

/** A share, 0 to 1, in percent. */
export const percent = (share: number): string =>
  Number.isFinite(share) ? `${(100 * share).toFixed(2)} %` : '–';

/** Up to five digits that count; very large and very small numbers with a power of ten. */
export function figure(value: number): string {
  const size = Math.abs(value);
  const plain = value === 0 || !Number.isFinite(value) || (size >= 1e-4 && size < 1e6);
  return plain ? String(Number(value.toPrecision(5))) : value.toExponential(3);
}

/** Seconds in the two units that tell most. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${count(hours)} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
}
