import { escapeText } from '../../text/escape.js';
import { type Column, table } from '../../text/table.js';
import { cellWidth } from '../../text/width.js';
import { wrapWords } from '../../text/wrap.js';
import type { Chart, Fact, ReportView, Section } from '../view/types.js';

export interface TextOptions {
  /** Columns of the terminal; undefined where nobody knows: as wide as it needs, without bars. */
  width: number | undefined;
  /** Bars of number signs, where the output has no block characters. */
  ascii: boolean;
}

const WIDEST_BAR = 30;
const NARROWEST_BAR = 8;
const GAP = 2;

/** The view for a terminal: aligned tables, with bars where there is room. */
export function renderText(view: ReportView, options: TextOptions): string {
  const lines = [
    `${view.title}, ${view.period}`,
    '',
    ...factLines(view.facts, options.width),
    ...view.sections.flatMap((section) => ['', ...sectionLines(section, options)]),
    '',
    ...view.notes.flatMap((note) => wrapWords(escapeText(note), options.width, '')),
  ];
  return `${lines.join('\n')}\n`;
}

function factLines(facts: readonly Fact[], width: number | undefined): string[] {
  const room = Math.max(...facts.map(({ label }) => label.length)) + ': '.length;
  return facts.flatMap(({ label, value, note }) => {
    const more = note === undefined || note === '' ? '' : ` (${note})`;
    // The label keeps its column in every line.
    const [first = '', ...rest] = wrapWords(escapeText(value + more), width && width - room, '');
    return [`${label}:`.padEnd(room) + first, ...rest.map((line) => ' '.repeat(room) + line)];
  });
}

function sectionLines({ title, text, chart, table: own, items }: Section, options: TextOptions): string[] {
  const { width } = options;
  const lines = [escapeText(title)];
  if (text !== undefined) lines.push(...wrapWords(escapeText(text), width, ''));
  if (own !== undefined) {
    const columns: Column[] = own.titles.map((name, i) =>
      i === 0 ? { title: name.toUpperCase(), flexible: true } : { title: name.toUpperCase(), align: 'right' },
    );
    lines.push(...withBars(table(columns, own.rows, width), chart, options));
  }
  for (const item of items ?? []) lines.push(...wrapWords(`- ${escapeText(item)}`, width, '  '));
  return lines;
}

/** A bar of the first series behind each row, where the table leaves room for it. */
function withBars(rows: string[], chart: Chart | undefined, { width, ascii }: TextOptions): string[] {
  const values = chart?.series[0]?.values ?? [];
  const most = Math.max(0, ...values.map((value) => value ?? 0));
  if (width === undefined || most === 0) return rows;
  const widest = Math.max(...rows.map(cellWidth));
  const room = Math.min(WIDEST_BAR, width - widest - GAP);
  if (room < NARROWEST_BAR) return rows;
  return rows.map((row, i) => {
    const value = i === 0 ? undefined : values[i - 1];
    const bar = (ascii ? '#' : '█').repeat(Math.round((Math.max(0, value ?? 0) / most) * room));
    return bar === '' ? row : `${row}${' '.repeat(widest - cellWidth(row) + GAP)}${bar}`;
  });
}
