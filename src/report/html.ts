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
