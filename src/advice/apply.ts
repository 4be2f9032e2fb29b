import type { Advice, Fix } from './types.js';

/** The Dockerfile's text with the changes that need no person to decide. */
export function applyAdvice(text: string, advice: readonly Advice[]): string {
  const lines = text.split('\n');
  const fixes = advice.flatMap(({ fix }) => fix ?? []).toSorted((one, other) => other.line - one.line);
  const prepared = new Set<string>();
  for (const fix of fixes) {
    changeRun(lines, fix);
    const before = fix.before.filter((line) => !prepared.has(`${fix.line} ${line}`));
    for (const line of before) prepared.add(`${fix.line} ${line}`);
    lines.splice(fix.line - 1, 0, ...before);
  }
  return lines.join('\n');
}

function changeRun(lines: string[], { line, flags, remove, disarm }: Fix): void {
  const index = line - 1;
  const first = lines[index] ?? '';
  if (flags.length > 0) {
    lines[index] = first.replace(/^(\s*RUN)(?=\s)/i, (keyword) => `${keyword} ${flags.join(' ')}`);
  }
  for (let at = index; at < lines.length; at++) {
    const text = lines[at] ?? '';
    const shorter = remove.reduce(removed, text);
    lines[at] = disarm.reduce((sum, command) => sum.replace(command, () => 'true'), shorter);
    if (!/[\\`][ \t]*$/.test(text) && !/^\s*#/.test(text)) break;
  }
}

function removed(line: string, word: string): string {
  return line
    .split(/(\s+)/)
    .filter((part, index, parts) => part !== word && !(parts[index + 1] === word && /^\s+$/.test(part)))
    .join('');
}
