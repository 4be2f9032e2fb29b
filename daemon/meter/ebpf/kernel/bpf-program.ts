import { NetmeterError } from '../../../../src/errors.js';
import { cString, NativeStruct } from '../../../sys/native-struct.js';
import { isErrno } from '../../../sys/system-error.js';
import { bpf, objectInfo } from './bpf-call.js';

/** `enum bpf_prog_type` and `enum bpf_attach_type` */
export const SCHED_CLS_PROGRAM = 3;
export const TRACEPOINT_PROGRAM = 5;
export const CGROUP_SKB_PROGRAM = 8;
export const CGROUP_INGRESS = 0;
export const CGROUP_EGRESS = 1;
export const PERF_EVENT = 41;
export const TCX_INGRESS = 46;
export const TCX_EGRESS = 47;

const LICENSE = 'Dual MIT/GPL';
const BPF_PSEUDO_MAP_FD = 1;
const LOG_BYTES = 65_536;
/** The verifier gives up (EAGAIN) when a signal comes meanwhile. */
const MOST_ATTEMPTS = 20;

export interface ProgramSource {
  name: string;
  type: number;
  attachType: number;
  /** Instructions in hexadecimal, in pieces. */
  code: readonly string[];
  /** Which map's descriptor goes into which instruction. */
  mapUses: readonly (readonly [instruction: number, map: string])[];
}

/** How often a program ran and how long; zero unless `kernel.bpf_stats_enabled` is on. */
export interface ProgramCost {
  runs: number;
  nanoseconds: number;
}

/**
 * Loads a program bound to these maps.
 * @returns its file descriptor
 * @throws NetmeterError `permission-denied`, or `bpf-load-failed` with the end of the verifier's log
 */
export function loadProgram(source: ProgramSource, mapFd: (name: string) => number): number {
  const instructions = Buffer.from(source.code.join(''), 'hex');
  for (const [index, map] of source.mapUses) {
    // The source register of a 64-bit immediate load says what the immediate is (BPF_LD_IMM64).
    instructions[index * 8 + 1] = (instructions[index * 8 + 1]! & 0x0f) | (BPF_PSEUDO_MAP_FD << 4);
    instructions.writeInt32LE(mapFd(map), index * 8 + 4);
  }
  const attributes = new NativeStruct(72)
    .u32(0, source.type)
    .u32(4, instructions.length / 8)
    .pointer(8, instructions)
    .pointer(16, cString(LICENSE))
    .set(48, Buffer.from(`nm_${source.name}`.slice(0, 15), 'latin1'))
    .u32(68, source.attachType);
  try {
    return load(attributes, source.name);
  } catch (error) {
    if ((error as NetmeterError).code === 'permission-denied') throw error;
    return loadAgainForItsLog(attributes, source.name, error);
  }
}

function load(attributes: NativeStruct, name: string): number {
  for (let attempt = 1; ; attempt++) {
    try {
      return bpf('PROG_LOAD', attributes, name);
    } catch (error) {
      if (attempt === MOST_ATTEMPTS || !isErrno(error, 'EAGAIN')) throw error;
    }
  }
}

function loadAgainForItsLog(attributes: NativeStruct, name: string, cause: unknown): never {
  const log = new Uint8Array(new ArrayBuffer(LOG_BYTES));
  attributes.u32(24, 1).u32(28, LOG_BYTES).pointer(32, log);
  try {
    bpf('PROG_LOAD', attributes, name);
  } catch {
    // the log is what this attempt was for
  }
  const text = Buffer.from(log).toString('latin1').replace(/\0.*$/s, '').trim();
  throw new NetmeterError('bpf-load-failed', `the kernel refused the BPF program ${name}`, {
    hint:
      text === '' ? 'see its cause' : `the verifier's last words: ${text.split('\n').slice(-3).join(' | ')}`,
    cause,
  });
}

/** The kernel's number of a loaded program. */
export function programId(fd: number): number {
  return objectInfo(fd, 16, 'program').getU32(4);
}

/** `run_time_ns` and `run_cnt` of `struct bpf_prog_info`. */
export function programCost(fd: number): ProgramCost {
  const info = objectInfo(fd, 208, 'program');
  return { nanoseconds: info.getU64(192), runs: info.getU64(200) };
}
