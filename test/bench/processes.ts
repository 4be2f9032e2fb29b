import { readFileSync } from 'node:fs';

/** USER_HZ, 100 on every Linux that Node runs on (proc_pid_stat(5)). */
const TICKS_PER_SECOND = 100;

/** User and system time of a process, its waited-for children left out. */
export function cpuSeconds(pid: number): number {
  return cpuFields(pid, 11);
}

/** The same of its children that ended and were waited for. */
export function childrenCpuSeconds(pid: number): number {
  return cpuFields(pid, 13);
}

/** @param first after the command in parentheses, which may hold anything: utime and stime are fields 14 and 15 */
function cpuFields(pid: number, first: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[first]) + Number(fields[first + 1])) / TICKS_PER_SECOND;
}

export function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = Number.NaN, high = Number.NaN] = [sorted[(sorted.length - 1) >> 1], sorted[middle]];
  return (low + high) / 2;
}
