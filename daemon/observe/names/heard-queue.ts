import { closeSync, openSync } from 'node:fs';
import { closeQuietly, tryBpf } from '../../meter/ebpf/kernel/bpf-call.js';
import { createLink } from '../../meter/ebpf/kernel/bpf-link.js';
import { BpfMap } from '../../meter/ebpf/kernel/bpf-map.js';
import {
  CGROUP_EGRESS,
  CGROUP_INGRESS,
  CGROUP_SKB_PROGRAM,
  loadProgram,
  type ProgramCost,
  programCost,
} from '../../meter/ebpf/kernel/bpf-program.js';
import { NativeStruct } from '../../sys/native-struct.js';
import { systemError } from '../../sys/system-error.js';
import { programs, maps as shapes } from './generated/bytecode.js';

/** Offsets in `struct heard` of program/heard.h. */
const LENGTH = 16;
const KIND = 22;
const DATA = 24;

const ENOENT = 2;

const DIRECTIONS = [
  { name: 'heard_ingress', attachType: CGROUP_INGRESS },
  { name: 'heard_egress', attachType: CGROUP_EGRESS },
] as const;

/** As `kind` says it there. */
const KINDS = ['hello', 'dns', 'dns-stream', 'quic'] as const;

/** One payload that was handed over. Valid until the next is taken. */
export interface Heard {
  /** A TLS ClientHello, a DNS answer over UDP or TCP, or a datagram that QUIC may have begun with. */
  kind: (typeof KINDS)[number];
  /** 16 bytes; IPv4 addresses are mapped. */
  remote: Uint8Array;
  payload: Uint8Array;
}

/**
 * The programs that hand over DNS answers and ClientHellos, attached to the root of cgroup2, and the queue that they
 * fill. Nothing is pinned: they are gone with the process.
 */
export class HeardQueue {
  readonly #maps: Record<keyof typeof shapes, BpfMap>;
  readonly #programs: number[] = [];
  readonly #links: number[] = [];
  readonly #value = new NativeStruct(shapes.heard_queue.valueSize);
  readonly #element = new NativeStruct(32);

  private constructor(maps: Record<keyof typeof shapes, BpfMap>) {
    this.#maps = maps;
    // A queue has no keys, and wants no pointer to one.
    this.#element.u32(0, maps.heard_queue.fd).u64(8, 0).pointer(16, this.#value.bytes);
  }

  /**
   * @param cgroupRoot the cgroup2 directory to listen in, with all below it
   * @throws NetmeterError `permission-denied`, `bpf-load-failed`, `syscall-failed`
   */
  static open(cgroupRoot: string): HeardQueue {
    const made: BpfMap[] = [];
    const create = (name: keyof typeof shapes) => {
      const map = BpfMap.create(name, shapes[name]);
      made.push(map);
      return map;
    };
    let queue: HeardQueue | undefined;
    try {
      queue = new HeardQueue({
        heard_queue: create('heard_queue'),
        heard_scratch: create('heard_scratch'),
        heard_lost: create('heard_lost'),
      });
      queue.#attach(cgroupRoot);
      return queue;
    } catch (error) {
      if (queue === undefined) for (const map of made) map.close();
      else queue.close();
      throw error;
    }
  }

  /** @returns undefined when nothing is waiting */
  take(): Heard | undefined {
    const result = tryBpf('MAP_LOOKUP_AND_DELETE_ELEM', this.#element);
    if (result === -ENOENT) return undefined;
    if (result < 0) throw systemError('bpf(MAP_LOOKUP_AND_DELETE_ELEM, heard_queue)', -result);
    const { bytes } = this.#value;
    const length = Math.min(this.#value.getU32(LENGTH), bytes.length - DATA);
    return {
      kind: KINDS[bytes[KIND]!] ?? 'hello',
      remote: bytes.subarray(0, 16),
      payload: bytes.subarray(DATA, DATA + length),
    };
  }

  /** Payloads that found the queue full since it was opened. */
  lost(): number {
    const value = new NativeStruct(shapes.heard_lost.valueSize);
    return this.#maps.heard_lost.lookup(new Uint8Array(4), value.bytes) ? value.getU64(0) : 0;
  }

  /** While `kernel.bpf_stats_enabled` is on. */
  cost(): ProgramCost[] {
    return this.#programs.map(programCost);
  }

  close(): void {
    for (const fd of [...this.#links.splice(0), ...this.#programs.splice(0)]) closeQuietly(fd);
    for (const map of Object.values(this.#maps)) map.close();
  }

  #attach(cgroupRoot: string): void {
    const cgroup = openSync(cgroupRoot, 'r');
    try {
      for (const { name, attachType } of DIRECTIONS) {
        const source = { name, type: CGROUP_SKB_PROGRAM, attachType, ...programs[name] };
        const program = loadProgram(source, (map) => this.#maps[map as keyof typeof shapes].fd);
        this.#programs.push(program);
        this.#links.push(createLink(program, cgroup, attachType, name));
      }
    } finally {
      closeSync(cgroup);
    }
  }
}
