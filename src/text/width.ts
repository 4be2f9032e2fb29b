import stringWidth from 'string-width';

/**
 * Printable ASCII and the signs that texts of this project's own have in them, one cell each: nearly everything, and
 * nothing has to be looked up for it.
 */
const PLAIN = /^[\x20-\x7e…·≈│─█░▁-▇↓↑▶▸▾✓✗●⊘⇄]*$/;

/** Cells that a text takes in a terminal: wide characters two, combining marks none. */
export function cellWidth(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text);
}

/** The text, cut to `width` cells with `…` at the end when it is longer. */
export function cutToWidth(text: string, width: number): string {
  if (cellWidth(text) <= width) return text;
  if (width < 1) return '';
  if (PLAIN.test(text)) return `${text.slice(0, width - 1)}…`;
  let cut = '';
  let cells = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    const next = cellWidth(segment);
    if (cells + next > width - 1) break;
    cut += segment;
    cells += next;
  }
  return `${cut}…`;
}
