import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { liftLockedMemoryLimit } from '../../sys/resource-limits.js';
import { isErrno } from '../../sys/system-error.js';
import { Configuration } from './configuration.js';
import { maps as mapShapes } from './generated/bytecode.js';
import {
  directions,
  formatGenerationName,
  type GenerationName,
  type MapName,
  mapNames,
  parseGenerationName,
  programFile,
  removeGenerationDirectory,
} from './generation-name.js';
import { closeQuietly } from './kernel/bpf-call.js';
import { BpfMap, type MapShape } from './kernel/bpf-map.js';
import { openPinned, pinObject } from './kernel/bpf-pin.js';
import { LAYOUT } from './layout.js';
import { loadCountingPrograms, type MeterMaps } from './programs.js';
import { explainRefusal } from './refusal.js';

/** What makes one generation as good as another. */
export interface GenerationOptions {
  /** Of maps and programs. */
  version: string;
  /** Most entries of `flows`. */
  maxFlows: number;
  /** Most entries of `by_cgroup`. */
  maxCgroups: number;
  /** Programs that tell namespaces apart, if the kernel takes them. */
  netns: boolean;
}

/**
 * Makes maps and programs, and pins them when there is a directory to pin them in.
 * @throws NetmeterError `permission-denied`, `bpf-unavailable`, `bpf-load-failed`
 */
export function createGeneration(pinDir: string | undefined, options: GenerationOptions): Generation {
  const epoch = randomBytes(8).toString('hex');
  const name = { layout: LAYOUT, version: options.version, epoch };
  const directory = pinDir === undefined ? undefined : join(pinDir, formatGenerationName(name));
  const fds: number[] = [];
  try {
    const maps = mapRecord((map) => {
      const created = createMap(map, shapeOf(map, options));
      fds.push(created.fd);
      return created;
    });
    const programs = loadCountingPrograms(maps, options.netns);
    fds.push(programs.ingress, programs.egress);
    new Configuration(maps).initialise(programs.netnsKnown);
    const generation = new Generation(name, maps, programs, directory);
    generation.pin();
    return generation;
  } catch (error) {
    fds.forEach(closeQuietly);
    throw explainRefusal(error);
  }
}

/**
 * Opens what is pinned in a directory.
 * @returns `undefined` when it is incomplete: then it was never attached, or is half removed
 */
export function openGeneration(pinDir: string, directoryName: string): Generation | undefined {
  const name = parseGenerationName(directoryName);
  if (name === undefined) return undefined;
  const directory = join(pinDir, directoryName);
  const fds: number[] = [];
  const open = (file: string): number => {
    const fd = openPinned(join(directory, file));
    if (fd === undefined) throw new Incomplete();
    fds.push(fd);
    return fd;
  };
  try {
    const maps = mapRecord((map) => BpfMap.fromFd(open(map), map));
    const programs = { ingress: open(programFile('ingress')), egress: open(programFile('egress')) };
    return new Generation(name, maps, programs, directory);
  } catch (error) {
    fds.forEach(closeQuietly);
    if (error instanceof Incomplete) return undefined;
    throw error;
  }
}

class Incomplete extends Error {}

/**
 * A set of maps with the two programs that count into them. Programs are bound to their maps for good, so
 * whatever changes one of them makes a new generation. Pinned ones live in a directory of their own.
 */
export class Generation {
  readonly name: GenerationName;
  readonly maps: MeterMaps;
  readonly ingress: number;
  readonly egress: number;
  readonly directory: string | undefined;

  constructor(
    name: GenerationName,
    maps: MeterMaps,
    programs: { ingress: number; egress: number },
    directory: string | undefined,
  ) {
    this.name = name;
    this.maps = maps;
    this.ingress = programs.ingress;
    this.egress = programs.egress;
    this.directory = directory;
  }

  /** Whether it is what these options would make. */
  is({ version, maxFlows, maxCgroups }: GenerationOptions): boolean {
    const { flows, by_cgroup: byCgroup } = this.maps;
    return (
      this.name.version === version &&
      flows.shape.maxEntries === maxFlows &&
      byCgroup.shape.maxEntries === maxCgroups
    );
  }

  pin(): void {
    const { directory } = this;
    if (directory === undefined) return;
    mkdirSync(directory, { mode: 0o700 });
    try {
      for (const [name, map] of Object.entries(this.maps)) pinObject(map.fd, join(directory, name));
      for (const one of directions) pinObject(this[one], join(directory, programFile(one)));
    } catch (error) {
      removeGenerationDirectory(directory);
      throw error;
    }
  }

  /** Removes the pins; what is attached or open lives on. */
  unpin(): void {
    if (this.directory !== undefined) removeGenerationDirectory(this.directory);
  }

  close(): void {
    for (const map of Object.values(this.maps)) map.close();
    closeQuietly(this.ingress);
    closeQuietly(this.egress);
  }
}

/** Before Linux 5.11 maps count as locked memory, and a map too many is refused like any other forbidden thing. */
function createMap(name: MapName, shape: MapShape): BpfMap {
  try {
    return BpfMap.create(name, shape);
  } catch (error) {
    if (!isErrno(error, 'EPERM') || !liftLockedMemoryLimit()) throw error;
    return BpfMap.create(name, shape);
  }
}

function shapeOf(map: MapName, { maxFlows, maxCgroups }: GenerationOptions): MapShape {
  if (map === 'flows') return { ...mapShapes.flows, maxEntries: maxFlows };
  if (map === 'by_cgroup') return { ...mapShapes.by_cgroup, maxEntries: maxCgroups };
  return mapShapes[map];
}

function mapRecord(make: (name: MapName) => BpfMap): MeterMaps {
  return Object.fromEntries(mapNames.map((name) => [name, make(name)])) as Record<MapName, BpfMap>;
}
