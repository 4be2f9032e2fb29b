import { NetmeterError } from '../../../src/errors.js';
import { programs } from './generated/bytecode.js';
import type { Direction, MapName } from './generation-name.js';
import { closeQuietly } from './kernel/bpf-call.js';
import type { BpfMap } from './kernel/bpf-map.js';
import {
  CGROUP_EGRESS,
  CGROUP_INGRESS,
  CGROUP_SKB_PROGRAM,
  loadProgram,
  SCHED_CLS_PROGRAM,
  TCX_EGRESS,
  TCX_INGRESS,
  TRACEPOINT_PROGRAM,
} from './kernel/bpf-program.js';

export type MeterMaps = Readonly<Record<MapName, BpfMap>>;

/** File descriptors of the two counting programs. */
export interface CountingPrograms {
  ingress: number;
  egress: number;
  /** False for kernels whose programs of this type may not ask for the namespace. */
  netnsKnown: boolean;
}

const attachTypes = { ingress: CGROUP_INGRESS, egress: CGROUP_EGRESS } as const;
const linkAttachTypes = { ingress: TCX_INGRESS, egress: TCX_EGRESS } as const;

export function attachTypeOf(direction: Direction): number {
  return attachTypes[direction];
}

export function linkAttachTypeOf(direction: Direction): number {
  return linkAttachTypes[direction];
}

/** Loads the counting programs: those that tell the namespace, or where they are refused those that do not. */
export function loadCountingPrograms(maps: MeterMaps, netns: boolean): CountingPrograms {
  if (!netns) return { ...loadPair(maps, '_without_netns'), netnsKnown: false };
  try {
    return { ...loadPair(maps, ''), netnsKnown: true };
  } catch (error) {
    if (!(error instanceof NetmeterError) || error.code !== 'bpf-load-failed') throw error;
    return loadCountingPrograms(maps, false);
  }
}

/** @param layout which of the two layouts of the tracepoint's record this kernel has */
export function loadNamingProgram(maps: MeterMaps, layout: 'level_first' | 'id_first'): number {
  const code = programs[`names_${layout}`];
  const source = { name: 'names', type: TRACEPOINT_PROGRAM, attachType: 0, ...code };
  return loadProgram(source, (name) => maps[name as MapName].fd);
}

/** Loads the programs for links: only kernels with TCX take them. */
export function loadLinkPrograms(maps: MeterMaps): Record<Direction, number> {
  const ingress = loadLinkProgram(maps, 'ingress');
  try {
    return { ingress, egress: loadLinkProgram(maps, 'egress') };
  } catch (error) {
    closeQuietly(ingress);
    throw error;
  }
}

function loadLinkProgram(maps: MeterMaps, direction: Direction): number {
  const name = `link_${direction}` as const;
  const attachType = linkAttachTypes[direction];
  const source = { name, type: SCHED_CLS_PROGRAM, attachType, ...programs[name] };
  return loadProgram(source, (map) => maps[map as MapName].fd);
}

function loadPair(maps: MeterMaps, variant: '' | '_without_netns'): { ingress: number; egress: number } {
  const ingress = loadOne(maps, 'ingress', variant);
  try {
    return { ingress, egress: loadOne(maps, 'egress', variant) };
  } catch (error) {
    closeQuietly(ingress);
    throw error;
  }
}

function loadOne(maps: MeterMaps, direction: Direction, variant: '' | '_without_netns'): number {
  const code = programs[`${direction}${variant}`];
  const source = { name: direction, type: CGROUP_SKB_PROGRAM, attachType: attachTypes[direction], ...code };
  return loadProgram(source, (name) => maps[name as MapName].fd);
}
