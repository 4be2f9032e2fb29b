/**
 * Boots Debian's real systemd in a container whose files are this machine's, seen through an overlay that
 * is thrown away, without a network, with a BPF file system and a cgroup of its own.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

export const HAS_NSPAWN = spawnSync('systemd-nspawn', ['--version']).status === 0;

const TARGET = `[Unit]
Wants=probe.service
`;

const PROBE = `[Unit]
DefaultDependencies=no
After=basic.target
Wants=basic.target
[Service]
Type=oneshot
ExecStart=/bin/sh /out/probe.sh
ExecStopPost=/bin/systemctl poweroff --force
TimeoutStartSec=90
`;

/** Kernel interfaces that containers usually may not use, and a host's service may. */
const SYSTEM_CALLS = 'bpf perf_event_open open_by_handle_at';

/**
 * Runs a shell script in a booted container.
 * @param dir an empty directory for what is shared; `/out` inside
 * @param visible directories that are there under their own paths, also where the container has its own /tmp
 * @returns what the script wrote to its standard output and error
 */
export async function inBootedSystem(
  dir: string,
  script: string,
  visible: readonly string[],
): Promise<string> {
  const root = `${dir}/root`;
  const bpf = `${dir}/bpf`;
  for (const path of [root, bpf]) mkdirSync(path);
  writeFileSync(`${dir}/nm-test.target`, TARGET);
  writeFileSync(`${dir}/probe.service`, PROBE);
  writeFileSync(`${dir}/probe.sh`, `exec >/out/said 2>&1\n${script}`);
  const nspawn = [
    ...['systemd-nspawn', `--directory=${root}`, '--volatile=overlay', '--private-network', '--register=no'],
    ...['--keep-unit', '--capability=all', `--system-call-filter=${SYSTEM_CALLS}`, '--console=pipe'],
    ...visible.map((path) => `--bind-ro=${path}`),
    ...[`--bind=${dir}:/out`, `--bind=${bpf}:/sys/fs/bpf`],
    ...['nm-test.target', 'probe.service'].map(
      (name) => `--bind-ro=${dir}/${name}:/etc/systemd/system/${name}`,
    ),
    ...['--boot', 'systemd.unit=nm-test.target'],
  ];
  const mounts = `mount --bind / ${root} && mount -t bpf bpf ${bpf}`;
  const cgroups = `for h in unified systemd; do c=/sys/fs/cgroup/$h/nm-t-boot-${process.pid}
    [ -d /sys/fs/cgroup/$h ] && mkdir $c && echo $$ >$c/cgroup.procs; done; true`;
  const child = spawn(
    'unshare',
    [
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-c',
      `${mounts} && { ${cgroups}; } && exec "$@"`,
      'sh',
      ...nspawn,
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, SYSTEMD_NSPAWN_API_VFS_WRITABLE: '1' },
    },
  );
  let console = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      console += text;
    });
  }
  await new Promise((resolve) => child.once('close', resolve));
  const remove = `find /sys/fs/cgroup/*/nm-t-boot-${process.pid} -depth -type d -exec rmdir {} +`;
  spawnSync('sh', ['-c', remove]);
  try {
    return readFileSync(`${dir}/said`, 'utf8');
  } catch {
    throw new Error(`the system did not boot:\n${console}`);
  }
}
