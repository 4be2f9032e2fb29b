/** An engine that keeps its images and snapshots in containerd, with data, socket and processes of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, readlinkSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Cleanup, docker, engine, eventually, run } from '../harness/index.js';

export interface ContainerdEngine {
  pid: number;
  rootDir: string;
  client: string;
  dockerHost: string;
}

/** Starts the lab's engine once more, with data of its own and the other image store. */
export async function startContainerdEngine(cleanup: Cleanup): Promise<ContainerdEngine> {
  const lab = engine('28');
  // The lab's run directory is at the same path inside the engine's chroot and outside of it.
  const folder = join(dirname(lab.client), `containerd-${process.pid}`);
  const socket = `unix://${folder}/docker.sock`;
  mkdirSync(folder, { recursive: true });
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
  cleanup.defer(() => unmountBelow(folder));
  writeFileSync(
    join(folder, 'daemon.json'),
    JSON.stringify({ features: { 'containerd-snapshotter': true } }),
  );
  // Of its own, as systemd would have given it.
  const cgroup = join(dirname(lab.cgroup), `nm-containerd-${process.pid}`);
  mkdirSync(cgroup);
  cleanup.defer(() => eventually('its processes to be gone', 20_000, () => isRemoved(cgroup)));
  const child = spawn(
    'sh',
    [
      ...['-c', 'echo $$ > "$0/cgroup.procs" && exec chroot "$@"', cgroup],
      readlinkSync(`/proc/${lab.pid}/root`),
      ...['dockerd', '--config-file', join(folder, 'daemon.json'), '-H', socket],
      ...[
        '--insecure-registry',
        '198.51.100.0/24',
        '--pidfile',
        join(folder, 'docker.pid'),
        '--data-root',
        join(folder, 'data'),
      ],
      ...['--exec-root', join(folder, 'exec'), '--bridge', 'none', '--iptables=false', '--ip6tables=false'],
    ],
    { stdio: 'ignore', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } },
  );
  cleanup.defer(() => end(child));
  const pid = await eventually('the engine', 60_000, () => pidIn(join(folder, 'docker.pid')));
  const client = clientOf(lab.client, folder, socket);
  await eventually('the engine to answer', 60_000, async () => {
    const { exitCode } = await run(client, ['version'], { anyExit: true });
    return exitCode === 0 || undefined;
  });
  const image = join(folder, 'image.tar');
  await docker('28', ['save', '-o', image, 'nm-busybox']);
  await run(client, ['load', '-i', image]);
  return { pid, rootDir: join(folder, 'data'), client, dockerHost: socket };
}

/** The lab's client, bound to another engine. */
function clientOf(labClient: string, folder: string, socket: string): string {
  const path = join(folder, 'client');
  const script = readFileSync(labClient, 'utf8').replace(/DOCKER_HOST=\S+/, `DOCKER_HOST=${socket}`);
  writeFileSync(path, script, { mode: 0o755 });
  return path;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}

async function unmountBelow(folder: string): Promise<void> {
  const points = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  for (const point of points.filter((each) => each.startsWith(`${folder}/`)).reverse()) {
    await run('umount', ['-l', point]);
  }
}

function isRemoved(cgroup: string): true | undefined {
  try {
    rmdirSync(cgroup);
    return true;
  } catch {
    return undefined;
  }
}

function pidIn(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}
