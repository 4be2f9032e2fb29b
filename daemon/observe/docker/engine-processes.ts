import { listeningInode } from './listening-socket.js';
import {
  cgroup2PathOf,
  holdsSocket,
  isInContainer,
  listProcesses,
  type ProcessEntry,
  readProcess,
} from './processes.js';
import type { EngineProcess } from './types.js';

export interface FoundEngine {
  processes: EngineProcess[];
  pid: number | undefined;
  /** Another value after the engine was restarted; undefined when its process is unknown. */
  identity: string | undefined;
}

const ENGINE = 'dockerd';
const SYSTEMD = 'systemd';

/**
 * The processes of the engine behind a socket.
 *
 * @param socketPath undefined for an engine that listens on TCP only
 * @param peer who made the socket listen, by SO_PEERCRED: the engine, or systemd when that handed the
 *   socket over (`dockerd -H fd://`, the default of Docker's packages)
 */
export function findEngine(
  procRoot: string,
  socketPath: string | undefined,
  peer: number | undefined,
): FoundEngine {
  const all = listProcesses(procRoot);
  const engine = engineAmong(all, procRoot, socketPath, peer);
  if (engine === undefined) return { processes: [], pid: undefined, identity: undefined };
  const found: EngineProcess[] = [describe(procRoot, engine, 'engine')];
  for (const role of ['containerd', 'buildkitd'] as const) {
    const helper = helperAmong(all, procRoot, engine, role);
    if (helper !== undefined) found.push(describe(procRoot, helper, role));
  }
  return { processes: found, pid: engine.pid, identity: `${engine.pid}:${engine.startTicks}` };
}

function engineAmong(
  all: ProcessEntry[],
  procRoot: string,
  socketPath: string | undefined,
  peer: number | undefined,
): ProcessEntry | undefined {
  const listener = peer ? readProcess(procRoot, peer) : undefined;
  if (listener !== undefined && listener.comm !== SYSTEMD && listener.pid !== 1) return listener;
  const engines = all.filter(({ comm, pid }) => comm === ENGINE && !isInContainer(procRoot, pid));
  const inode = engines.length > 1 && socketPath ? listeningInode(procRoot, socketPath) : undefined;
  return inode === undefined ? engines[0] : engines.find(({ pid }) => holdsSocket(procRoot, pid, inode));
}

/** The engine's own child, else the one that systemd runs for everybody. */
function helperAmong(
  all: ProcessEntry[],
  procRoot: string,
  engine: ProcessEntry,
  comm: string,
): ProcessEntry | undefined {
  const candidates = all.filter((entry) => entry.comm === comm);
  return (
    candidates.find(({ parent }) => parent === engine.pid) ??
    candidates.find(({ pid, parent }) => parent === 1 && !isInContainer(procRoot, pid))
  );
}

function describe(procRoot: string, { pid, comm }: ProcessEntry, role: EngineProcess['role']): EngineProcess {
  return { pid, role, comm, cgroupPath: cgroup2PathOf(procRoot, pid) };
}
