/** Who owns the bytes of a cgroup that is no container and no build step. */
import type { CgroupMeaning } from '../../../src/metering/cgroup-path.js';
import type { Owner } from '../../../src/metering/types.js';
import type { EngineFacts } from '../docker/types.js';
import { relayOfUnit, relaysAmong } from './relay-programs.js';

export type HostMeaning = Exclude<CgroupMeaning, { kind: 'container' | 'executor' }>;

export interface CgroupOwner {
  owner: Owner;
  /** It is the engine's cgroup, in which docker-proxy runs as well, or one that holds other programs, too. */
  engine: 'alone' | 'among others' | undefined;
  /** A program in the engine's cgroup that carries its containers' bytes out of their namespace. */
  relay: string | undefined;
}

/** @param programs reads the names of the programs that run in the cgroup */
export function ownerOfCgroup(
  meaning: HostMeaning,
  engine: EngineFacts | undefined,
  programs: () => string[],
): CgroupOwner {
  const engineProcesses = (engine?.processes ?? []).filter(({ cgroupPath }) =>
    isWithin(meaning.path, cgroupPath),
  );
  const mixed = meaning.kind === 'root' || meaning.kind === 'session';
  if (engine !== undefined && engineProcesses.length > 0 && !mixed) {
    return { owner: ownerOfEngine(engine), engine: 'alone', relay: relaysAmong(programs())[0] };
  }
  const relay = meaning.kind === 'unit' ? relayOf(meaning.unit, programs()) : undefined;
  if (relay !== undefined)
    return plain({ ...hostOwner(meaning, relay), id: `relay:${relay}`, kind: 'relay' });
  const notable = mixed ? relaysAmong(programs()) : [];
  const among = [...new Set([...engineProcesses.map(({ comm }) => comm), ...notable])];
  const suffix = among.length === 0 ? '' : ` (${among.join(', ')} among them)`;
  const host = plain(hostOwner(meaning, nameOf(meaning) + suffix));
  return engineProcesses.length > 0 ? { ...host, engine: 'among others' } : host;
}

export function ownerOfEngine(engine: EngineFacts): Owner {
  const cgroupPath = engine.processes.find(({ role }) => role === 'engine')?.cgroupPath;
  const name = engine.name === 'default' ? 'Docker engine' : `Docker engine ${engine.name}`;
  const facts = cgroupPath === undefined ? {} : { cgroupPath };
  return { id: `engine:${engine.name}`, kind: 'engine', name, facts };
}

/**
 * A service that runs a relay, be it as a child like NetworkManager, is one. A scope is one only when it
 * holds nothing else: the shell that a VPN was started from has bytes of its own.
 */
function relayOf(unit: string, comms: string[]): string | undefined {
  const relays = relaysAmong(comms);
  const alone = comms.every((comm) => relays.includes(comm) || comm === 'sudo');
  if (relays.length > 0 && (unit.endsWith('.service') || alone)) return relays[0];
  return relayOfUnit(unit);
}

function isWithin(path: string, engineCgroup: string | undefined): boolean {
  if (engineCgroup === undefined) return false;
  return path === engineCgroup || (engineCgroup !== '/' && path.startsWith(`${engineCgroup}/`));
}

function nameOf(meaning: HostMeaning): string {
  switch (meaning.kind) {
    case 'root':
      return 'processes in the root cgroup';
    case 'machine':
      return `${meaning.manager} ${meaning.name}`;
    case 'run':
      return `netmeter run ${meaning.id}`;
    default:
      return meaning.name;
  }
}

function hostOwner(meaning: HostMeaning, name: string): Owner {
  const id = meaning.kind === 'run' ? `run:${meaning.id}` : `host:${meaning.path}`;
  return { id, kind: 'host', name, facts: { cgroupPath: meaning.path } };
}

function plain(owner: Owner): CgroupOwner {
  return { owner, engine: undefined, relay: undefined };
}
