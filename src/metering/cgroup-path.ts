/**
 * What the path of a cgroup says about the processes in it. Every engine, manager and desktop has a style
 * of its own; this file knows where the thing that people have a name for stands in the path, so that
 * everything below it (a container's own services, a unit's delegated cgroups) counts as part of it.
 */
import { readable, type UnitMeaning, unitMeaning } from './cgroup-unit.js';

export type CgroupMeaning =
  | { kind: 'root'; path: '/' }
  /** A container of any runtime. `inner`: containers that run inside of it, outermost first. */
  | { kind: 'container'; path: string; id: string; runtime: string; inner: string[] }
  /** A step that BuildKit runs. `builder`: the container that this BuildKit itself lives in. */
  | { kind: 'executor'; path: string; id: string; builder: string | undefined }
  /** A system container or virtual machine: LXC, systemd-nspawn, libvirt. */
  | { kind: 'machine'; path: string; name: string; manager: string; inner: string[] }
  /** A command that was started by `netmeter run`. */
  | { kind: 'run'; path: string; id: string }
  | UnitMeaning
  /** Nothing that is known: named after its path. */
  | { kind: 'other'; path: string; name: string };

/** 32 random bytes in hex: every OCI engine's container id. */
const CONTAINER_ID = '[0-9a-f]{64}';
/** BuildKit's identity.NewID: 25 digits in base 36. */
const EXECUTOR_ID = '[0-9a-z]{25}';

const plainContainer = new RegExp(`^(${CONTAINER_ID})$`);
/** `docker-<id>.scope`, `cri-containerd-<id>.scope`, `libpod-<id>`, and `<slice>:cri-containerd:<id>`. */
const namedContainer = new RegExp(`^(?:[^:]*:)?([a-z][\\w.-]*)[-:](${CONTAINER_ID})(?:\\.scope)?$`);
const plainExecutor = new RegExp(`^(${EXECUTOR_ID})$`);
/** `system.slice:docker:<id>`, which runc takes for a directory's name, and the scope that was meant by it. */
const namedExecutor = new RegExp(`^(?:[^:]+:docker:|docker-)(${EXECUTOR_ID})(?:\\.scope)?$`);
const runName = /^run-([\w.-]+)$/;
const lxcName = /^lxc\.payload\.(.+)$/;
const machineScope = /^machine-(.+)\.scope$/;
const nspawnService = /^systemd-nspawn@(.+)\.service$/;

/** Runtimes by the names that stand before an id, where people know them by another. */
const runtimeNames = new Map([
  ['docker', 'docker'],
  ['libpod', 'podman'],
  ['libpod-payload', 'podman'],
  ['libpod_parent', 'podman'],
  ['crio', 'cri-o'],
  ['cri-containerd', 'containerd'],
  ['kubepods', 'kubernetes'],
]);

/** @param path below the cgroup2 mount, or one hierarchy's path of version 1; with or without ` (deleted)` */
export function classifyCgroup(path: string): CgroupMeaning {
  const parts = pathParts(path);
  if (parts.length === 0) return { kind: 'root', path: '/' };
  for (let at = 0; at < parts.length; at++) {
    const found = runAt(parts, at) ?? executorAt(parts, at) ?? machineAt(parts, at) ?? containerAt(parts, at);
    if (found !== undefined) return found;
  }
  return unitMeaning(parts) ?? { kind: 'other', path: pathOf(parts), name: parts.map(readable).join('/') };
}

function runAt(parts: string[], at: number): CgroupMeaning | undefined {
  if (parts[at] !== 'netmeter') return undefined;
  const id = runName.exec(parts[at + 1] ?? '')?.[1];
  return id === undefined ? undefined : { kind: 'run', path: pathOf(parts, at + 1), id };
}

function executorAt(parts: string[], at: number): CgroupMeaning | undefined {
  const id = namedExecutor.exec(parts[at]!)?.[1] ?? executorInFolder(parts, at);
  return id === undefined ? undefined : { kind: 'executor', path: pathOf(parts, at), id, builder: undefined };
}

function executorInFolder(parts: string[], at: number): string | undefined {
  return parts[at - 1] === 'buildkit' ? plainExecutor.exec(parts[at]!)?.[1] : undefined;
}

function machineAt(parts: string[], at: number): CgroupMeaning | undefined {
  const part = parts[at]!;
  const lxcFolder = part === 'lxc' || part === 'lxc.payload';
  const lxc = lxcName.exec(part)?.[1] ?? (lxcFolder ? parts[at + 1] : undefined);
  const named = machineScope.exec(part)?.[1] ?? nspawnService.exec(part)?.[1];
  const name = lxc ?? (named === undefined ? undefined : readable(named));
  if (name === undefined) return undefined;
  const end = lxcFolder ? at + 1 : at;
  const manager = lxc !== undefined ? 'lxc' : /^(qemu|lxc)-\d+-/.test(name) ? 'libvirt' : 'nspawn';
  return { kind: 'machine', path: pathOf(parts, end), name, manager, inner: containersFrom(parts, end + 1) };
}

function containerAt(parts: string[], at: number): CgroupMeaning | undefined {
  const id = containerIdOf(parts[at]!);
  if (id === undefined) return undefined;
  // A BuildKit in a container puts its steps below itself; a whole Docker engine in a container calls the
  // folder docker/buildkit, and its steps are nothing that this machine's engine knows of.
  for (let below = at + 1; below < parts.length; below++) {
    if (parts[below] === 'docker' || containerIdOf(parts[below]!) !== undefined) break;
    const step = executorInFolder(parts, below);
    if (step !== undefined) return { kind: 'executor', path: pathOf(parts, below), id: step, builder: id };
  }
  const runtime = runtimeOf(parts, at);
  return { kind: 'container', path: pathOf(parts, at), id, runtime, inner: containersFrom(parts, at + 1) };
}

function containerIdOf(part: string): string | undefined {
  const plain = plainContainer.exec(part)?.[1];
  if (plain !== undefined) return plain;
  const named = namedContainer.exec(part);
  // conmon is the program that watches over a container, and no part of it.
  return named === null || named[1]!.endsWith('conmon') ? undefined : named[2];
}

function runtimeOf(parts: string[], at: number): string {
  const prefix = namedContainer.exec(parts[at]!)?.[1];
  if (prefix !== undefined) return runtimeNames.get(prefix) ?? prefix;
  const above = parts.slice(0, at).find((part) => runtimeNames.has(part));
  return (above === undefined ? undefined : runtimeNames.get(above)) ?? 'unknown';
}

function containersFrom(parts: string[], from: number): string[] {
  return parts.slice(from).flatMap((part) => containerIdOf(part) ?? []);
}

/** A process outside of the reader's cgroup namespace has a path that starts with `/..`. */
function pathParts(path: string): string[] {
  const alive = path.endsWith(' (deleted)') ? path.slice(0, -' (deleted)'.length) : path;
  return alive.split('/').filter((part) => part !== '' && part !== '.' && part !== '..');
}

function pathOf(parts: string[], last = parts.length - 1): string {
  return `/${parts.slice(0, last + 1).join('/')}`;
}
