/** Plain tables: columns aligned with spaces, the widest text column cut to the width there is. */
import { escapeText } from './escape.js';
import { cellWidth, cutToWidth } from './width.js';

export interface Column {
  title: string;
  align?: 'left' | 'right';
  /** Gives way when the table is wider than the output. One column at most. */
  flexible?: boolean;
}

const GAP = '  ';
const NARROWEST = 12;

/** Lines of the table, header first, without a newline at their ends. `width` undefined: as wide as it needs. */
export function table(
  columns: Column[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
): string[] {
  const cells = [columns.map((column) => column.title), ...rows.map((row) => row.map(escapeText))];
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => cellWidth(row[index] ?? ''))));
  const flexible = columns.findIndex((column) => column.flexible);
  if (width !== undefined && flexible >= 0) {
    const others = widths.reduce((sum, w, index) => (index === flexible ? sum : sum + w + GAP.length), 0);
    widths[flexible] = Math.min(widths[flexible] ?? 0, Math.max(NARROWEST, width - others));
  }
  return cells.map((row) =>
    columns
      .map((column, index) => {
        const room = widths[index] ?? 0;
        const text = cutToWidth(row[index] ?? '', room);
        const padding = ' '.repeat(Math.max(0, room - cellWidth(text)));
        return column.align === 'right' ? padding + text : text + padding;
      })
      .join(GAP)
      .trimEnd(),
  );
}
