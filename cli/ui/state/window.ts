import type { Line } from '../text/line.js';

/** One thing in a list, on one line or several. */
export interface Row {
  key: string;
  lines: readonly Line[];
  /** Headings and remarks cannot be selected. */
  selectable: boolean;
}

/** A row's line, and whether it is the first one of the selected row. */
export interface ShownLine {
  line: Line;
  selected: boolean;
}

export interface Shown {
  lines: ShownLine[];
  /** The first line that is shown, to be given back the next time: a list does not jump. */
  top: number;
  above: number;
  below: number;
}

/** The part of a list that fits into `height` lines, with the selected row in it. */
export function windowOf(
  rows: readonly Row[],
  selected: string | undefined,
  height: number,
  lastTop: number,
): Shown {
  const lines: ShownLine[] = [];
  let first = 0;
  let last = 0;
  for (const row of rows) {
    const isSelected = row.key === selected;
    if (isSelected) first = lines.length;
    for (const [i, line] of row.lines.entries()) lines.push({ line, selected: isSelected && i === 0 });
    if (isSelected) last = lines.length;
  }
  let top = lastTop;
  if (last > top + height) top = last - height;
  if (selected !== undefined && first < top) top = first;
  // The heading above the first row comes along with it.
  if (first <= 2 && first < height && selected !== undefined) top = Math.min(top, Math.max(0, first - 2));
  top = Math.max(0, Math.min(top, lines.length - height));
  const shown = lines.slice(top, top + height);
  return { lines: shown, top, above: top, below: Math.max(0, lines.length - top - height) };
}
