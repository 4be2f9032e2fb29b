import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kindOfProgram, type ProxyKind } from '../../../src/proxies/kinds.js';
import type { Listening } from '../../../src/proxies/proc-net-tcp.js';
import type { Endpoint, ProxyFinding } from '../../../src/proxies/types.js';
import { cgroup2PathOf, listProcesses, type ProcessEntry } from '../docker/processes.js';
import { socketsOf } from './listening.js';
import { ownerOfProcesses } from './process-owner.js';

export interface HostPrograms {
  procRoot: string;
  cgroupRoot: string | undefined;
  containerName(id: string): string | undefined;
}

/** Programs whose name is that of an interpreter: what they run stands on their command line. */
const INTERPRETER = /^(?:node|MainThread|python[\d.]*|uwsgi|gunicorn|java|ruby|perl)/;

interface Program {
  kind: ProxyKind;
  pids: Set<number>;
  sockets: Map<number, Listening>;
}

/** Well-known proxies among the programs that listen in the host's own network namespace. */
export function proxiesOnHost(host: HostPrograms, sockets: readonly Listening[]): ProxyFinding[] {
  const { procRoot } = host;
  const byInode = new Map(sockets.map((socket) => [socket.inode, socket]));
  const processes = listProcesses(procRoot);
  const programs = new Map<string, Program>();
  for (const entry of processes) {
    const kind = kindOfProcess(procRoot, entry);
    // Whether a registry passes others' images on, its process does not tell.
    if (kind === undefined || kind.onlyAsMirror === true) continue;
    const key = `${kind.key} ${cgroup2PathOf(procRoot, entry.pid) ?? ''}`;
    const program = programs.get(key) ?? { kind, pids: new Set(), sockets: new Map() };
    program.pids.add(entry.pid);
    for (const inode of socketsOf(procRoot, entry.pid)) {
      const socket = byInode.get(inode);
      if (socket !== undefined) program.sockets.set(inode, socket);
    }
    programs.set(key, program);
  }
  return [...programs.values()]
    .filter((program) => program.sockets.size > 0)
    .map((program) => findingOf(host, program.kind.key, 'program', program.pids, program.sockets, processes));
}

/** Whatever program listens at a port of the host, as somebody said that it is a proxy. */
export function programAt(
  host: HostPrograms,
  sockets: readonly Listening[],
  { address, port }: Endpoint,
  origin: 'added' | 'mirror',
): ProxyFinding | undefined {
  const there = sockets.filter(
    (socket) => socket.port === port && (socket.address === undefined || socket.address === address),
  );
  if (there.length === 0) return undefined;
  const inodes = new Map(there.map((socket) => [socket.inode, socket]));
  const processes = listProcesses(host.procRoot);
  const pids = processes
    .filter(({ pid }) => [...socketsOf(host.procRoot, pid)].some((inode) => inodes.has(inode)))
    .map(({ pid }) => pid);
  if (pids.length === 0) return undefined;
  const entry = processes.find(({ pid }) => pid === pids[0]);
  const kind = entry === undefined ? undefined : kindOfProcess(host.procRoot, entry);
  return findingOf(host, kind?.key ?? entry?.comm ?? '', origin, new Set(pids), inodes, processes);
}

function findingOf(
  host: HostPrograms,
  program: string,
  origin: ProxyFinding['origin'],
  pids: ReadonlySet<number>,
  sockets: ReadonlyMap<number, Listening>,
  processes: readonly ProcessEntry[],
): ProxyFinding {
  const owner = ownerOfProcesses(host.procRoot, host.cgroupRoot, pids, processes);
  const container = owner.containerId === undefined ? undefined : host.containerName(owner.containerId);
  return {
    name: container ?? owner.name ?? program,
    kind: program,
    origin,
    place: owner.containerId === undefined ? 'host' : 'container',
    ownerId: owner.ownerId,
    endpoints: [...sockets.values()].map(({ address, port }) => ({ address, port, protocol: 'tcp' })),
    because: owner.because,
  };
}

function kindOfProcess(procRoot: string, { pid, comm }: ProcessEntry): ProxyKind | undefined {
  return kindOfProgram(comm, INTERPRETER.test(comm) ? commandLine(procRoot, pid) : []);
}

function commandLine(procRoot: string, pid: number): string[] {
  try {
    return readFileSync(join(procRoot, String(pid), 'cmdline'), 'latin1').split('\0');
  } catch {
    return [];
  }
}
