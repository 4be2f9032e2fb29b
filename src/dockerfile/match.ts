/** Finds a Dockerfile's instruction again in what BuildKit called its steps. */
import type { Instruction } from './types.js';

/** BuildKit's names are cut where they are very long. */
const CUT = 2048;
const VARIABLE = /\$(?:\{[^}]*\}|[A-Za-z_]\w*)/;
/** A here-document's first line, as `RUN <<EOF (apt-get update...)` shows it. */
const SUMMARY = /\s*\([\s\S]*\)$/;

/**
 * Whether a step of this name, without its bracket, ran this instruction: the text as written, whatever its
 * variables stood for. Blanks count as one. Without regular expressions made of the text: it is hostile.
 */
export function stepMatcher(instruction: Instruction): (stepInstruction: string) => boolean {
  const parts = collapse(instruction.text).split(VARIABLE);
  const isDocument = instruction.documents.length > 0;
  return (name) => {
    const text = collapse(isDocument ? name.replace(SUMMARY, '') : name);
    const isCut = text.length >= CUT && text.endsWith('…');
    return fits(isCut ? text.slice(0, -1) : text, parts, isCut);
  };
}

/** Whether a text is this one, whatever its variables stood for. */
export function textMatcher(written: string): (text: string) => boolean {
  const parts = written.split(VARIABLE);
  return (text) => fits(text, parts, false);
}

/** The name of a step without differences that mean nothing. */
export function collapse(text: string): string {
  return text.replace(/\s+/g, ' ').trimStart();
}

function fits(text: string, parts: readonly string[], isCut: boolean): boolean {
  const [first = '', ...rest] = parts;
  if (isCut && first.length > text.length) return first.startsWith(text);
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const [index, part] of rest.entries()) {
    const isLast = index === rest.length - 1;
    if (isLast && !isCut) return text.length - part.length >= at && text.endsWith(part);
    const found = text.indexOf(part, at);
    if (found < 0) return isCut;
    at = found + part.length;
  }
  return isCut || at === text.length;
}
