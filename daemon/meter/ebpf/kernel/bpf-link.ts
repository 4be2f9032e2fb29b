import { NativeStruct } from '../../../sys/native-struct.js';
import { bpf, objectInfo, tryBpf } from './bpf-call.js';

/** What a link ties together: a program and, for cgroup links, a cgroup. */
export interface LinkFacts {
  programId: number;
  /** 0 when the cgroup is gone, or for another kind of link. */
  cgroupId: number;
}

/** `struct bpf_link_info` of a link to an interface: `ifindex` is 0 when the interface is gone. */
export interface TcxFacts {
  programId: number;
  ifindex: number;
}

/**
 * Attaches a program to a cgroup, a perf event or an interface (by its index). Links to cgroups tolerate other programs beside them
 * (BPF_F_ALLOW_MULTI is implied).
 * @returns the link's file descriptor: the program stays attached until it and all pins are gone
 */
export function createLink(program: number, target: number, attachType: number, about: string): number {
  const attributes = new NativeStruct(16).u32(0, program).u32(4, target).u32(8, attachType);
  return bpf('LINK_CREATE', attributes, about);
}

/** Puts another program in a link's place, in one step: no packet sees both or neither. */
export function replaceProgram(link: number, program: number, about: string): void {
  bpf('LINK_UPDATE', new NativeStruct(16).u32(0, link).u32(4, program), about);
}

/** Detaches at once, even while somebody else holds the link open. Perf event links cannot (EOPNOTSUPP). */
export function tryDetachLink(link: number): boolean {
  return tryBpf('LINK_DETACH', new NativeStruct(16).u32(0, link)) === 0;
}

/** `struct bpf_link_info` */
export function linkFacts(link: number): LinkFacts {
  const info = objectInfo(link, 32, 'link');
  return { programId: info.getU32(8), cgroupId: info.getU64(16) };
}

export function tcxFacts(link: number): TcxFacts {
  const info = objectInfo(link, 32, 'link');
  return { programId: info.getU32(8), ifindex: info.getU32(16) };
}
