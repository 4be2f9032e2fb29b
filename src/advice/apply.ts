import type { Advice, Fix } from './types.js';

/** The Dockerfile's text with the changes that need no person to decide. */
export function applyAdvice(text: string, advice: readonly Advice[]): string {
  const lines = text.split('\n');
  const lineEnd = lines[0]?.endsWith('\r') ? '\r' : '';
  const fixes = advice.flatMap(({ fix }) => fix ?? []).toSorted((one, other) => other.line - one.line);
  const prepared = new Set<string>();
  // All changes before the first line is put in: those of one step count its lines from the same place.
  for (const fix of fixes) changeRun(lines, fix);
  for (const fix of fixes) {
    const before = fix.before.filter((line) => !prepared.has(`${fix.line} ${line}`));
    for (const line of before) prepared.add(`${fix.line} ${line}`);
    lines.splice(fix.line - 1, 0, ...before.map((line) => line + lineEnd));
  }
  return lines.join('\n');
}

function changeRun(lines: string[], { line, endLine, flags, remove, disarm }: Fix): void {
  const index = line - 1;
  const first = lines[index] ?? '';
  if (flags.length > 0) {
    lines[index] = first.replace(/^(\s*RUN)(?=\s)/i, (keyword) => `${keyword} ${flags.join(' ')}`);
  }
  for (let at = index; at < Math.min(endLine, lines.length); at++) {
    const shorter = remove.reduce(removed, lines[at] ?? '');
    lines[at] = disarm.reduce((sum, command) => sum.replace(command, () => 'true'), shorter);
  }
}

function removed(line: string, word: string): string {
  return line
    .split(/(\s+)/)
    .filter((part, index, parts) => part !== word && !(parts[index + 1] === word && /^\s+$/.test(part)))
    .join('');
}
