/**
 * doctor: what netmeter could do here with the rights of whoever asks, and what keeps it from more. It
 * looks, and changes nothing.
 */
import { accessSync, constants } from 'node:fs';
import { release } from 'node:os';
import { dirname, join } from 'node:path';
import { osInfo, system } from 'systeminformation';
import { NetmeterError } from '../../src/errors.js';
import { type DoctorDocument, SCHEMA } from '../../src/protocol/documents.js';
import { resolvePlaces } from '../../src/protocol/paths.js';
import type { DaemonSettings } from '../lifecycle/settings.js';
import { findCgroupMount } from '../meter/ebpf/cgroup-mount.js';
import { inspectPinDirectory } from '../meter/ebpf/pin-directory.js';
import { LinkMeter } from '../meter/link/link-meter.js';
import { DockerObserver } from '../observe/docker/docker-observer.js';
import { resolveEngine } from '../observe/docker/engine-address.js';
import type { EngineFacts } from '../observe/docker/types.js';
import { CAP_BPF, CAP_NET_ADMIN, CAP_SYS_ADMIN, hasCapability } from '../sys/capabilities.js';

export interface Examination {
  settings: DaemonSettings;
  env: Readonly<Record<string, string | undefined>>;
  uid: number;
  homeDir: string;
  procRoot: string;
  sysRoot: string;
}

export type Check = DoctorDocument['checks'][number];

const PIN_DIRECTORY = '/sys/fs/bpf/netmeter';
/** The first kernel with everything that the exact tier needs. */
const LEAST_KERNEL: [number, number] = [5, 10];
const TRACING = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing'];

export async function examine(about: Examination): Promise<DoctorDocument> {
  const checks = [
    await checkHost(),
    checkRights(about),
    checkKernel(),
    checkCgroup(about),
    checkBpffs(about),
    checkTracing(),
    checkLinks(about),
    checkState(about),
    ...(await checkEngine(about)),
  ];
  return { schema: SCHEMA, ok: checks.every((check) => check.ok), checks };
}

/** What a person who is asked for help wants to know first. Nothing here can fail. */
async function checkHost(): Promise<Check> {
  const [os, { virtual, virtualHost }] = await Promise.all([osInfo(), system()]);
  const machine = virtual ? ` in a virtual machine${virtualHost ? ` (${virtualHost})` : ''}` : '';
  return {
    name: 'host',
    ok: true,
    found: `${os.distro} ${os.release}, ${os.arch}${machine}, Node ${process.version}`,
    needed: 'Linux',
    fix: null,
  };
}

function checkRights({ uid, procRoot }: Examination): Check {
  const has = (capability: number) => hasCapability(capability, procRoot);
  const ok = has(CAP_NET_ADMIN) && (has(CAP_BPF) || has(CAP_SYS_ADMIN));
  return {
    name: 'rights',
    ok,
    found: ok ? `user ${uid} may load BPF programs` : `user ${uid} may not load BPF programs`,
    needed: 'root, or CAP_BPF and CAP_NET_ADMIN, to count exactly; without, Docker is polled',
    fix: ok ? null : 'sudo netmeter start',
  };
}

function checkKernel(): Check {
  const [major = 0, minor = 0] = release()
    .split('.')
    .map((part) => Number.parseInt(part, 10));
  const ok = major > LEAST_KERNEL[0] || (major === LEAST_KERNEL[0] && minor >= LEAST_KERNEL[1]);
  return {
    name: 'kernel',
    ok,
    found: `Linux ${release()}`,
    needed: `Linux ${LEAST_KERNEL.join('.')} or later`,
    fix: ok ? null : 'a newer kernel',
  };
}

function checkCgroup({ procRoot }: Examination): Check {
  const mount = findCgroupMount(procRoot);
  return {
    name: 'cgroup2',
    ok: mount !== undefined,
    found: mount === undefined ? 'no cgroup2 file system is mounted' : `cgroup2 at ${mount.path}`,
    needed: 'a cgroup2 mount, as containers are told apart by it',
    fix:
      mount === undefined
        ? 'boot with systemd.unified_cgroup_hierarchy=1, or mount -t cgroup2 none /sys/fs/cgroup/unified'
        : null,
  };
}

function checkBpffs({ settings }: Examination): Check {
  const directory = settings.pinDir ?? PIN_DIRECTORY;
  const pinning = inspectPinDirectory(directory);
  return {
    name: 'bpffs',
    ok: pinning.ok,
    found: pinning.ok ? `a BPF file system at ${dirname(directory)}` : pinning.because,
    needed: 'a writable BPF file system, so that counting goes on while the daemon is down',
    fix: pinning.ok ? null : pinning.fix,
  };
}

function checkTracing(): Check {
  const found = TRACING.find((path) => isReadable(join(path, 'events/cgroup/cgroup_mkdir/id')));
  return {
    name: 'tracing',
    ok: found !== undefined,
    found: found === undefined ? 'the tracepoint cgroup_mkdir cannot be read' : `tracepoints at ${found}`,
    needed: 'tracefs, to name containers that live shorter than a tick',
    fix: found === undefined ? 'mount -t tracefs tracefs /sys/kernel/tracing (as root)' : null,
  };
}

function checkLinks({ settings, sysRoot }: Examination): Check {
  const meter = new LinkMeter({ links: settings.links, sysRoot });
  const needed = 'a link that a route through a gateway uses';
  try {
    meter.start();
    const uplinks = meter.uplinks();
    const texts = uplinks.map((link) => {
      const merging = meter.mergingFeatures(link.interface);
      const comparable =
        merging === undefined
          ? ''
          : merging.length === 0
            ? ', packets comparable'
            : ', packets not comparable';
      return `${link.interface} (${link.kind}${comparable})`;
    });
    const ok = uplinks.length > 0;
    return {
      name: 'uplink',
      ok,
      found: ok ? texts.join(', ') : 'no route leads through a gateway',
      needed,
      fix: ok ? null : 'name the uplink: netmeter start --link INTERFACE',
    };
  } catch (error) {
    return failedCheck('uplink', needed, error);
  } finally {
    meter.stop();
  }
}

function checkState({ settings, env, uid }: Examination): Check {
  const needed = 'a state directory that may be written';
  try {
    const [place] = resolvePlaces({
      env,
      uid,
      cwd: '/',
      stateDir: settings.stateDir,
      socket: settings.socket,
    });
    const existing = nearestExisting(place.stateDir);
    const ok = isWritable(existing);
    return {
      name: 'state directory',
      ok,
      found: ok ? place.stateDir : `${existing} may not be written`,
      needed,
      fix: ok ? null : 'use sudo, or another directory with --state-dir',
    };
  } catch (error) {
    return failedCheck('state directory', needed, error);
  }
}

async function checkEngine({ settings, env, homeDir, procRoot }: Examination): Promise<Check[]> {
  const needed = 'a Docker engine that answers, to name containers and see builds';
  try {
    const address = resolveEngine({ dockerHost: settings.dockerHost, env, homeDir });
    const observer = new DockerObserver({ address, procRoot, now: () => Date.now(), log: () => {} });
    const controller = new AbortController();
    try {
      await observer.start(controller.signal);
      const engine = observer.engine();
      if (engine === undefined) return [failedCheck('docker', needed, observer.failure())];
      return [engineCheck(engine, needed), historyCheck(engine), executorCheck(engine, procRoot)];
    } finally {
      await observer.stop();
    }
  } catch (error) {
    return [failedCheck('docker', needed, error)];
  }
}

function engineCheck(engine: EngineFacts, needed: string): Check {
  return {
    name: 'docker',
    ok: true,
    found: `Docker Engine ${engine.version} (${engine.name})`,
    needed,
    fix: null,
  };
}

function historyCheck(engine: EngineFacts): Check {
  return {
    name: 'build history',
    ok: engine.buildHistory,
    found: engine.buildHistory
      ? 'BuildKit tells of its builds'
      : `Docker Engine ${engine.version} keeps no history of builds`,
    needed:
      'Docker Engine 24 or later, to see builds with their steps; older ones show RUN steps only, but for netmeter run -- docker build',
    fix: engine.buildHistory ? null : 'upgrade Docker Engine',
  };
}

function executorCheck(engine: EngineFacts, procRoot: string): Check {
  const root =
    engine.pid === undefined ? undefined : join(procRoot, String(engine.pid), 'root', engine.rootDir ?? '/');
  const ok = root !== undefined && !engine.elsewhere && isReadable(root);
  return {
    name: 'build steps',
    ok,
    found: ok
      ? `the engine's files at ${engine.rootDir}`
      : engine.elsewhere
        ? 'the engine runs on another machine (or in a virtual one)'
        : "the engine's files cannot be read",
    needed: "root's view of the engine's files, to know which cgroup is which step",
    fix: ok || engine.elsewhere ? null : 'sudo netmeter start',
  };
}

function failedCheck(name: string, needed: string, error: unknown): Check {
  const known = error instanceof NetmeterError ? error : undefined;
  const found = error instanceof Error ? error.message : String(error);
  return { name, ok: false, found, needed, fix: known?.hint ?? null };
}

function nearestExisting(path: string): string {
  for (let at = path; at !== '/'; at = dirname(at)) if (exists(at)) return at;
  return '/';
}

function exists(path: string): boolean {
  return allows(path, constants.F_OK);
}

function isReadable(path: string): boolean {
  return allows(path, constants.R_OK);
}

function isWritable(path: string): boolean {
  return allows(path, constants.W_OK);
}

function allows(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
