import { escapeText } from '../../text/escape.js';
import type { ReportView, Section, ViewTable } from '../view/types.js';

/** Characters that mean something in the middle of a line of GitHub's Markdown (CommonMark 0.31, GFM tables). */
const SPECIAL = /[\\`*_{}[\]<>#|~&@]/g;

/** The view as Markdown, for an issue or a chat. */
export function renderMarkdown(view: ReportView): string {
  const facts: ViewTable = {
    titles: ['', '', ''],
    rows: view.facts.map(({ label, value, note }) => [label, value, note ?? '']),
  };
  const lines = [
    `# ${literal(view.title)}`,
    '',
    literal(view.period),
    '',
    ...tableLines(facts, ':--'),
    ...view.sections.flatMap((section) => ['', ...sectionLines(section)]),
    '',
    ...view.notes.flatMap((note) => [`> ${literal(note)}`, '>']).slice(0, -1),
  ];
  return `${lines.join('\n')}\n`;
}

function sectionLines({ title, text, table, items }: Section): string[] {
  const lines = [`## ${literal(title)}`, ''];
  if (text !== undefined) lines.push(literal(text), '');
  if (table !== undefined) lines.push(...tableLines(table, '--:'));
  for (const item of items ?? []) lines.push(`- ${literal(item)}`);
  return lines;
}

function tableLines({ titles, rows }: ViewTable, alignment: string): string[] {
  const rule = titles.map((_, i) => (i === 0 ? ':--' : alignment));
  return [titles.map(literal), rule, ...rows.map((row) => row.map(literal))].map(
    (cells) => `| ${cells.join(' | ')} |`,
  );
}

/** Text that stays what it is: one line, no markup, no HTML, nobody mentioned. */
function literal(text: string): string {
  return escapeText(text).replace(SPECIAL, '\\$&');
}
