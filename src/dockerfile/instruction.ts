import type { Heredoc, Instruction as Parsed } from 'dockerfile-ast';
import { invalid } from './invalid.js';
import type { HereDocument, Instruction } from './types.js';
import { splitFlags } from './words.js';

export const KEYWORDS: ReadonlySet<string> = new Set([
  'ADD',
  'ARG',
  'CMD',
  'COPY',
  'ENTRYPOINT',
  'ENV',
  'EXPOSE',
  'FROM',
  'HEALTHCHECK',
  'LABEL',
  'MAINTAINER',
  'ONBUILD',
  'RUN',
  'SHELL',
  'STOPSIGNAL',
  'USER',
  'VOLUME',
  'WORKDIR',
]);
const WITH_FLAGS = new Set(['ADD', 'COPY', 'FROM', 'HEALTHCHECK', 'RUN']);
const WITH_DOCUMENTS = new Set(['ADD', 'COPY', 'RUN']);

interface Source {
  file: string;
  lines: readonly string[];
  escape: string;
}

/** @throws NetmeterError `unreadable-input` for what BuildKit would refuse to read, too */
export function readInstruction(parsed: Parsed, source: Source): Instruction {
  const { start, end } = parsed.getRange();
  const line = start.line + 1;
  const keyword = parsed.getKeyword().toUpperCase();
  if (!KEYWORDS.has(keyword)) {
    throw invalid(source.file, line, `there is no instruction ${JSON.stringify(parsed.getInstruction())}`);
  }
  const heredocs = WITH_DOCUMENTS.has(keyword) ? heredocsOf(parsed) : [];
  const documents = heredocs.map((heredoc) => document(heredoc, source, line));
  const headEnd = heredocs.length === 0 ? end.line : firstLineOf(heredocs) - 1;
  const body = join(source.lines.slice(start.line, headEnd + 1), source.escape)
    .replace(/^\s*\S+/, '')
    .trim();
  if (body === '') throw invalid(source.file, line, `${keyword} needs arguments`);
  const { flags, rest } = WITH_FLAGS.has(keyword) ? splitFlags(body) : { flags: [], rest: body };
  const text = `${keyword} ${body}`;
  return { keyword, line, endLine: end.line + 1, text, flags, rest, json: execForm(rest), documents };
}

function heredocsOf(parsed: Parsed): Heredoc[] {
  // Of the classes, those that may have documents make the method public.
  const { getHeredocs } = parsed as unknown as { getHeredocs?: () => Heredoc[] };
  return getHeredocs?.call(parsed) ?? [];
}

function firstLineOf(heredocs: readonly Heredoc[]): number {
  const starts = heredocs.map((heredoc) => (heredoc.getContentRange() ?? heredoc.getDelimiterRange())?.start);
  return Math.min(...starts.flatMap((start) => (start === undefined ? [] : [start.line])));
}

function document(heredoc: Heredoc, source: Source, line: number): HereDocument {
  const end = heredoc.getDelimiterRange();
  const name = heredoc.getName();
  if (end === null) throw invalid(source.file, line, `the here-document ${JSON.stringify(name)} has no end`);
  const content = heredoc.getContentRange();
  const lines = content === null ? [] : source.lines.slice(content.start.line, end.start.line);
  return { name, content: lines.map((each) => `${each}\n`).join('') };
}

/** As parser.go of moby/buildkit joins: the blanks at the beginning of continued lines stay. */
function join(lines: readonly string[], escapeCharacter: string): string {
  const continued = escapeCharacter === '`' ? /`[ \t]*$/ : /\\[ \t]*$/;
  return lines
    .filter((line, index) => index === 0 || (line.trim() !== '' && !/^\s*#/.test(line)))
    .map((line) => line.replace(/\r$/, '').replace(continued, ''))
    .join('');
}

function execForm(rest: string): string[] | undefined {
  if (!rest.startsWith('[')) return undefined;
  try {
    const words: unknown = JSON.parse(rest);
    return Array.isArray(words) && words.every((word) => typeof word === 'string') ? words : undefined;
  } catch {
    return undefined;
  }
}
