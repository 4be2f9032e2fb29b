import { fitSpan, type Line, type Span, span } from './line.js';

export interface Column<Key extends string = string> {
  key: Key;
  title: string;
  /** In cells; of the flexible one, the least it may have. */
  width: number;
  /** What the flexible one should have before there is room for a column of that rank. */
  comfortable?: (rank: number) => number;
  align?: 'left' | 'right';
  /** The highest is left out first where there is no room; 0 stays. */
  rank: number;
  /** Takes what the others leave. */
  flexible?: boolean;
}

const GAP = 1;

/** Columns that fit, with their widths. */
export function chooseColumns<Key extends string>(all: readonly Column<Key>[], width: number): Column<Key>[] {
  const chosen = [...all];
  const needed = () => chosen.reduce((sum, column) => sum + column.width + GAP, -GAP);
  const flexible = chosen.find((column) => column.flexible);
  const comfort = (rank: number) => (flexible?.comfortable?.(rank) ?? 0) - (flexible?.width ?? 0);
  for (;;) {
    const worst = chosen.reduce((a, b) => (b.rank >= a.rank ? b : a));
    const wanted = needed() + Math.max(0, comfort(worst.rank));
    if (wanted <= width || worst.rank === 0) break;
    chosen.splice(chosen.indexOf(worst), 1);
  }
  const spare = width - needed();
  return chosen.map((column) =>
    column.flexible ? { ...column, width: Math.max(1, column.width + spare) } : column,
  );
}

export function titleLine<Key extends string>(columns: readonly Column<Key>[]): Line {
  return cellsLine(columns, (column) => span(column.title, 'dim'));
}

/** A row of cells, exactly as wide as the columns. */
export function cellsLine<Key extends string>(
  columns: readonly Column<Key>[],
  cell: (column: Column<Key>) => Span | undefined,
): Line {
  return columns.flatMap((column, i): Span[] => {
    const fitted = fitSpan(cell(column) ?? span(''), column.width, column.align);
    return i === 0 ? [fitted] : [span(' '.repeat(GAP)), fitted];
  });
}

export function hasColumn<Key extends string>(columns: readonly Column<Key>[], key: Key): boolean {
  return columns.some((column) => column.key === key);
}

/** A bar of `width` cells, a share of which is full. */
export function bar(share: number, width: number): string {
  const full = Math.max(0, Math.min(width, Math.round(share * width)));
  return '█'.repeat(full) + '░'.repeat(width - full);
}
