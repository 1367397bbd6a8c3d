/** Tables of words, whose first line is the heading: as Markdown, as text for a terminal, and as HTML. */
import { html, type Markup } from './html';

export type Lines = readonly (readonly string[])[];

export function markdownTable([head, ...body]: Lines): string {
  const lines = [head, head.map(() => '---'), ...body];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Columns of equal width. */
export function textTable(lines: Lines): string {
  const widths = lines[0].map((_, at) => Math.max(...lines.map((cells) => cells[at].length)));
  const aligned = lines.map((cells) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at]))
      .join('  ')
      .trimEnd(),
  );
  return aligned.join('\n');
}

export function htmlTable([head, ...body]: Lines): Markup {
  const headings = head.map((text) => html`<th scope="col">${text}</th>`);
  const lines = body.map(([first, ...cells]) => {
    const others = cells.map((cell) => html`<td>${cell}</td>`);
    return html`<tr><th scope="row">${first}</th>${others}</tr>\n`;
  });
  return html`<div class="scroll tall"><table class="numbers"><thead><tr>${headings}</tr></thead><tbody>${lines}</tbody></table></div>`;
}
