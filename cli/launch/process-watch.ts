import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 20;

/** A process that can be told from a later one with its number. */
export interface WatchedProcess {
  pid: number;
  /** Clock ticks since boot; `undefined` where /proc does not show it. */
  startTime: string | undefined;
}

export function watchProcess(pid: number): WatchedProcess {
  return { pid, startTime: startTimeOf(pid) };
}

export function isAlive({ pid, startTime }: WatchedProcess): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return startTime === undefined || startTimeOf(pid) === startTime;
}

/** @returns whether it is gone within the time */
export async function waitUntilGone(watched: WatchedProcess, limitMs: number): Promise<boolean> {
  for (let waited = 0; waited <= limitMs; waited += POLL_MS) {
    if (!isAlive(watched)) return true;
    await sleep(POLL_MS);
  }
  return false;
}

/** Field 22 of proc_pid_stat(5). A dead process that nobody has waited for yet counts as gone. */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
