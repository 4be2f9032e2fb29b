import { getSystemErrorName } from 'node:util';
import { NetmeterError } from '../../src/errors.js';

/** Errno values that Node has no name for; ENOTSUPP is the kernel's own and in no header of libc. */
const unnamed = new Map([
  [117, 'EUCLEAN'],
  [524, 'ENOTSUPP'],
]);

/** What a failed system call said, in the shape of Node's own errors. */
export class SystemCallFailure extends Error {
  readonly code: string;
  readonly errno: number;

  constructor(call: string, errno: number) {
    const code = errnoName(errno);
    super(`${call}: ${code}`);
    this.code = code;
    this.errno = -errno;
  }
}

/** The name of a positive errno value, such as `EPERM`; `E<number>` when it has none. */
export function errnoName(errno: number): string {
  const known = unnamed.get(errno);
  if (known !== undefined) return known;
  const name = getSystemErrorName(-errno);
  return /^E[A-Z0-9]+$/.test(name) ? name : `E${errno}`;
}

/**
 * The error of a failed system call: `permission-denied` for EPERM and EACCES, otherwise `syscall-failed`.
 * The errno is in its cause, for `isErrno`.
 *
 * @param call for people: the call and what it was about, e.g. `bpf(BPF_OBJ_PIN, /sys/fs/bpf/x)`
 * @param errno positive errno value
 */
export function systemError(call: string, errno: number): NetmeterError {
  const cause = new SystemCallFailure(call, errno);
  const refused = cause.code === 'EPERM' || cause.code === 'EACCES';
  const code = refused ? 'permission-denied' : 'syscall-failed';
  return new NetmeterError(code, `${call} failed with ${cause.code}`, { cause });
}

/** True for an error, this project's or Node's own, that stems from one of these errno names. */
export function isErrno(error: unknown, ...names: string[]): boolean {
  const code = error instanceof NetmeterError ? codeOf(error.cause) : codeOf(error);
  return code !== undefined && names.includes(code);
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
