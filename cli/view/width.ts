import stringWidth from 'string-width';

/** Cells that a text takes in a terminal: wide characters two, combining marks none. */
export function cellWidth(text: string): number {
  return stringWidth(text);
}

/** The text, cut to `width` cells with `…` at the end when it is longer. */
export function cutToWidth(text: string, width: number): string {
  if (cellWidth(text) <= width) return text;
  if (width < 1) return '';
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
