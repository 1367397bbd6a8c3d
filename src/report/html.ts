/**
 * HTML from templates that escape every value put into them, since names of classes and paths may contain
 * anything.
 */

/** Text that is HTML already, so that `html` does not escape it. */
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

/** A template tag: values are escaped unless they are Markup. */
export function html(parts: TemplateStringsArray, ...pieces: Piece[]): Markup {
  return new Markup(parts.reduce((all, part, i) => `${all}${put(pieces[i - 1])}${part}`));
}

export const NOTHING = new Markup('');

/** Data for a script to read. `<` is written as \u003c, as a "</script>" in the data would end the element. */
export function json(id: string, data: unknown): Markup {
  const text = JSON.stringify(data).replaceAll('<', '\\u003c');
  return html`<script type="application/json" id="${id}">${new Markup(text)}</script>`;
}
