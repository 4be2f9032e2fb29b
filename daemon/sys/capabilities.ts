import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Numbers of linux/capability.h. */
export const CAP_NET_ADMIN = 12;
export const CAP_SYS_PTRACE = 19;
export const CAP_SYS_ADMIN = 21;
export const CAP_BPF = 39;

/** Whether this process has a capability in effect (proc_pid_status(5)). */
export function hasCapability(capability: number, procRoot = '/proc'): boolean {
  const status = readFileSync(join(procRoot, 'self/status'), 'utf8');
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  return (BigInt(`0x${effective}`) & (1n << BigInt(capability))) !== 0n;
}
