import type { ResolvedStep } from '../dockerfile/resolve.js';

/** Users that well-known images bring along: node's and gradle's are 1000. */
const KNOWN: Readonly<Record<string, string>> = { node: '1000', gradle: '1000', nobody: '65534' };

export function isRoot(user: string | undefined): boolean {
  const name = user?.split(':')[0];
  return name === undefined || name === '' || name === 'root' || name === '0';
}

/** The number of a user, from itself or from the command that made it; undefined when it cannot be told. */
export function uidOf(user: string | undefined, before: readonly ResolvedStep[]): string | undefined {
  const name = user?.split(':')[0];
  if (name === undefined || /^\d+$/.test(name)) return name;
  return made(before).find((each) => each.words.includes(name))?.uid ?? KNOWN[name];
}

/** A user's home: of a number that no command gave a name to, the root directory, as BuildKit has it. */
export function homeOf(user: string | undefined, before: readonly ResolvedStep[]): string {
  const name = user?.split(':')[0];
  if (name === undefined || isRoot(name)) return '/root';
  if (!/^\d+$/.test(name)) return `/home/${name}`;
  const known = made(before)
    .find((each) => each.uid === name)
    ?.words.at(-1);
  return known === undefined || !/^[a-z_][\w-]*$/.test(known) ? '' : `/home/${known}`;
}

/** Commands that made users, as far as they gave them numbers. */
function made(before: readonly ResolvedStep[]): { words: string[]; uid: string }[] {
  const commands = before.flatMap(({ text }) => text.split(/&&|;|\|/));
  return commands.flatMap((command) => {
    const words = command.trim().split(/\s+/);
    if (!words.some((word) => /^(?:useradd|adduser)$/.test(word))) return [];
    const uid = /\s(?:-u|--uid)[ =]*(\d+)(?=\s|$)/.exec(command)?.[1];
    return uid === undefined ? [] : [{ words, uid }];
  });
}
