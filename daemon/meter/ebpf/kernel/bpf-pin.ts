import { cString, NativeStruct } from '../../../sys/native-struct.js';
import { bpf, bpfError, tryBpf } from './bpf-call.js';

const ENOENT = 2;

/** Gives a map, program or link a name in a BPF file system, which keeps it alive. */
export function pinObject(fd: number, path: string): void {
  bpf('OBJ_PIN', new NativeStruct(16).pointer(0, cString(path)).u32(8, fd), path);
}

/** Opens what is pinned at `path`. @returns a file descriptor, `undefined` when nothing is there */
export function openPinned(path: string): number | undefined {
  const result = tryBpf('OBJ_GET', new NativeStruct(16).pointer(0, cString(path)));
  if (result === -ENOENT) return undefined;
  if (result < 0) throw bpfError('OBJ_GET', -result, path);
  return result;
}
