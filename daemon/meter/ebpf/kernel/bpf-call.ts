/**
 * kernel: the commands of bpf(2) that the meter uses, one file per kind of object. Structure offsets are
 * those of `union bpf_attr` in include/uapi/linux/bpf.h.
 */
import { closeSync } from 'node:fs';
import { NativeStruct } from '../../../sys/native-struct.js';
import { trySyscall } from '../../../sys/syscall.js';
import { systemError } from '../../../sys/system-error.js';

/** `enum bpf_cmd` */
export const BPF = {
  MAP_CREATE: 0,
  MAP_LOOKUP_ELEM: 1,
  MAP_UPDATE_ELEM: 2,
  MAP_DELETE_ELEM: 3,
  MAP_GET_NEXT_KEY: 4,
  PROG_LOAD: 5,
  OBJ_PIN: 6,
  OBJ_GET: 7,
  OBJ_GET_INFO_BY_FD: 15,
  MAP_LOOKUP_AND_DELETE_ELEM: 21,
  MAP_LOOKUP_BATCH: 24,
  LINK_CREATE: 28,
  LINK_UPDATE: 29,
  LINK_DETACH: 34,
} as const;

export type BpfCommand = keyof typeof BPF;

/** The command's result, or the negative errno value. */
export function tryBpf(command: BpfCommand, attributes: NativeStruct): number {
  return trySyscall('bpf', BPF[command], attributes, attributes.bytes.length);
}

/** @param about what the command is about, for the error's message */
export function bpf(command: BpfCommand, attributes: NativeStruct, about: string): number {
  const result = tryBpf(command, attributes);
  if (result < 0) throw bpfError(command, -result, about);
  return result;
}

export function bpfError(command: BpfCommand, errno: number, about: string): Error {
  return systemError(`bpf(${command}, ${about})`, errno);
}

/** Facts about an object: `struct bpf_map_info`, `bpf_prog_info` or `bpf_link_info`. */
export function objectInfo(fd: number, size: number, about: string): NativeStruct {
  const info = new NativeStruct(size);
  const attributes = new NativeStruct(16).u32(0, fd).u32(4, size).pointer(8, info.bytes);
  bpf('OBJ_GET_INFO_BY_FD', attributes, about);
  return info;
}

/** Closes a descriptor that may be closed already: closing twice must not end a clean-up half-way. */
export function closeQuietly(fd: number | undefined): void {
  if (fd === undefined) return;
  try {
    closeSync(fd);
  } catch {
    // nothing is left to be done about it
  }
}
