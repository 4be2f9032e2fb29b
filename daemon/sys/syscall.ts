/**
 * daemon/sys: the few system calls that Node does not offer, made through koffi. One file per subject;
 * nothing here knows what it is used for. The native library is loaded by the first call, so that
 * importing these files costs nothing.
 */
import { createRequire } from 'node:module';
import { NetmeterError } from '../../src/errors.js';
import { type SyscallName, syscallNumbers } from './syscall-numbers.js';
import { systemError } from './system-error.js';

/** An integer argument, or memory that the kernel reads or writes, such as a NativeStruct's. */
export type SyscallArgument = number | bigint | Uint8Array | { readonly bytes: Uint8Array };

type Koffi = typeof import('koffi');
type RawSyscall = (number: number, ...args: (number | bigint)[]) => number;

interface Native {
  koffi: Koffi;
  raw: RawSyscall;
  numbers: Readonly<Record<SyscallName, number>>;
}

let native: Native | undefined;

/** Keeps the memory of the last call reachable: the addresses koffi is given do not. */
const inFlight: { args: readonly SyscallArgument[] } = { args: [] };

function load(): Native {
  if (native !== undefined) return native;
  const numbers = syscallNumbers(process.arch);
  if (process.platform !== 'linux' || numbers === undefined) {
    throw new NetmeterError(
      'system-unsupported',
      `no system call table for ${process.platform} on ${process.arch}`,
      { hint: 'Linux on x64 or arm64 is needed' },
    );
  }
  let koffi: Koffi;
  try {
    koffi = createRequire(import.meta.url)('koffi') as Koffi;
  } catch (cause) {
    throw new NetmeterError('koffi-missing', 'the native library koffi cannot be loaded', {
      hint: 'reinstall netmeter without --no-optional: koffi ships its binary as an optional package',
      cause,
    });
  }
  // Not declared variadic: for integers and pointers both ABIs pass the arguments alike, and a fixed
  // prototype spares koffi the type tags on every call.
  const raw = koffi
    .load(null)
    .func('syscall', 'long', ['long', ...Array<string>(6).fill('intptr_t')]) as RawSyscall;
  native = { koffi, raw, numbers };
  return native;
}

/**
 * The address of a buffer's memory. It is valid as long as the buffer is reachable: whoever stores it in
 * another structure keeps a reference until the call is over.
 */
export function addressOf(memory: Uint8Array): bigint {
  return load().koffi.address(memory);
}

/** koffi's event-loop watcher for a raw file descriptor. */
export function watchReadable(fd: number, onReadable: () => void): { close(): void; unref(): void } {
  return load().koffi.node.poll(fd, { readable: true }, onReadable);
}

/**
 * Makes a system call.
 * @returns the call's result when it succeeds, otherwise the negative errno value, as the kernel has it
 */
export function trySyscall(name: SyscallName, ...args: SyscallArgument[]): number {
  const { koffi, raw, numbers } = load();
  inFlight.args = args;
  const plain: (number | bigint)[] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < args.length; i++) plain[i] = plainArgument(koffi, args[i]!);
  const result = raw(numbers[name], ...plain);
  return result === -1 ? -koffi.errno() : result;
}

function plainArgument(koffi: Koffi, argument: SyscallArgument): number | bigint {
  if (typeof argument !== 'object') return argument;
  return koffi.address(argument instanceof Uint8Array ? argument : argument.bytes);
}

/**
 * Makes a system call and throws when it fails.
 * @param about what the call is about, for the error's message; the call's name is put before it
 */
export function syscall(name: SyscallName, about: string, ...args: SyscallArgument[]): number {
  const result = trySyscall(name, ...args);
  if (result < 0) throw systemError(`${name}(${about})`, -result);
  return result;
}
