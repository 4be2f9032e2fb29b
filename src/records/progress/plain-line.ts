/** One line of `--progress=plain`: what is put before it by CI systems, and what it says. */
import type { Bytes, EpochMs } from '../../units.js';
import { parseTime } from './build-time.js';

export type PlainLine =
  | { is: 'blank' }
  /** Text of a step: its name, or progress in words. */
  | { is: 'text'; step: number; text: string }
  | { is: 'output'; step: number; bytes: Bytes }
  | { is: 'blob'; step: number; id: string; current: Bytes; total: Bytes; timed: boolean; done: boolean }
  | { is: 'context'; step: number; what: string; bytes: Bytes }
  | { is: 'done'; step: number; seconds: number }
  | { is: 'cached' | 'canceled' | 'paused' | 'warning'; step: number }
  | { is: 'error'; step: number; message: string }
  /** The client names the engine: a build begins. */
  | { is: 'begin'; engine: string }
  | { is: 'failed'; message: string }
  | { is: 'warnings'; count: number }
  | { is: 'time' }
  | { is: 'other' };

export interface ReadLine {
  at: EpochMs | undefined;
  line: PlainLine;
}

const ESCAPES = /\u001b\[[0-9;?]{0,32}[A-Za-z]|\r/g;
const DATED =
  /^\s*\[?(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?: ?(?:Z|[+-]\d{2}:?\d{2}))?)\]?(.*)$/;
/** GitLab's mark of the stream, after the time. */
const STREAM = /^ \d\d[OE][ +]?/;
/** Times without a date say nothing of when. */
const UNDATED = /^\s*\[?\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?\]?\s+(?=#\d)/;
const STEP = /^#(\d{1,6})(?: (.*))?$/;
const SIZE = '(\\d{1,9}(?:\\.\\d{1,9})?)(B|[kKMGT]i?B)';
const BLOB = new RegExp(`^(sha256:[0-9a-f]{64}) ${SIZE}(?: / ${SIZE})?( \\d{1,9}\\.\\d+s)?( done)?$`);
const CONTEXT = new RegExp(`^transferring (\\S+): ${SIZE}(?: \\d{1,9}\\.\\d+s)?(?: done)?$`);
const FAILED =
  /^(?:ERROR|error|failed)(?::| to solve| from)\s*(?:failed to (?:solve|build)[^:]{0,64}: |to solve[^:]{0,64}: )?(.*)$/;
const UNITS: Readonly<Record<string, number>> = { B: 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9, T: 1e12 };

export function readPlainLine(raw: string): ReadLine {
  const clean = raw.replace(ESCAPES, '');
  const dated = DATED.exec(clean);
  const at = dated === null ? undefined : parseTime(dated[1]!.replace(/ (?=Z|[+-])/, ''));
  const text =
    at === undefined ? clean.replace(UNDATED, '') : dated![2]!.replace(STREAM, '').replace(/^ /, '');
  if (at !== undefined && text.trim() === '') return { at, line: { is: 'time' } };
  return { at, line: lineOf(text.trimEnd()) };
}

function lineOf(text: string): PlainLine {
  const match = STEP.exec(text.trimStart());
  if (match === null) return otherLine(text);
  const step = Number(match[1]);
  const rest = match[2] ?? '';
  if (step === 0) {
    const begin = /^building with "?([^"]{1,256})"? instance/.exec(rest);
    if (begin !== null) return { is: 'begin', engine: begin[1]! };
  }
  return stepLine(step, rest);
}

function stepLine(step: number, rest: string): PlainLine {
  if (rest === '') return { is: 'blank' };
  if (rest === '...') return { is: 'paused', step };
  if (rest === 'CACHED') return { is: 'cached', step };
  if (rest === 'CANCELED') return { is: 'canceled', step };
  const done = /^DONE (\d{1,9}\.\d+)s$/.exec(rest);
  if (done !== null) return { is: 'done', step, seconds: Number(done[1]) };
  const error = /^ERROR(?:: |$)(.*)$/.exec(rest);
  if (error !== null) return { is: 'error', step, message: error[1] || 'no message' };
  const output = /^\d{1,9}\.\d{1,3}(?: (.*))?$/.exec(rest);
  if (output !== null) return { is: 'output', step, bytes: utf8Length(output[1] ?? '') + 1 };
  if (/^WARN(?:ING)?: /.test(rest)) return { is: 'warning', step };
  return progressLine(step, rest) ?? { is: 'text', step, text: rest };
}

function progressLine(step: number, rest: string): PlainLine | undefined {
  const blob = BLOB.exec(rest);
  if (blob !== null) {
    const [, id, current, unit, total, totalUnit, time, done] = blob;
    return {
      is: 'blob',
      step,
      id: id!,
      current: size(current!, unit!),
      total: total === undefined ? 0 : size(total, totalUnit!),
      timed: time !== undefined,
      done: done !== undefined,
    };
  }
  const context = CONTEXT.exec(rest);
  if (context === null) return undefined;
  return { is: 'context', step, what: context[1]!, bytes: size(context[2]!, context[3]!) };
}

function otherLine(text: string): PlainLine {
  if (text.trim() === '') return { is: 'blank' };
  const warnings = /^ ?(\d{1,6}) warnings? found/.exec(text);
  if (warnings !== null) return { is: 'warnings', count: Number(warnings[1]) };
  const failed = FAILED.exec(text);
  if (failed !== null && /solve|executor failed|exit code/.test(text)) {
    return { is: 'failed', message: failed[1] || text };
  }
  return { is: 'other' };
}

function size(number: string, unit: string): Bytes {
  const scale = unit[1] === 'i' ? 1024 ** 'BkMGT'.indexOf(unit[0]!.replace('K', 'k')) : UNITS[unit[0]!]!;
  return Math.round(Number(number) * scale);
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
