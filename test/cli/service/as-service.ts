/** Runs a program as the unit would have it: root without any capability but the unit's. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cgroup2Mount } from '../../../cli/service/cgroup2-mount.js';
import { SERVICE_CAPABILITIES, unitText } from '../../../cli/service/unit.js';

export interface ServiceRights {
  /** Left out of the unit's capabilities. */
  without?: (typeof SERVICE_CAPABILITIES)[number];
  /** Supplementary groups. */
  groups?: number[];
}

export const CGROUP_ROOT = cgroup2Mount(readFileSync('/proc/self/mountinfo', 'utf8'));

/** A BPF file system of its own keeps the program from meeting that of the machine's own netmeter. */
const OWN_BPF_FS = 'mount -t bpf bpf /sys/fs/bpf && exec "$0" "$@"';

/** Runs what the unit has systemd do with all rights, before it starts (`ExecStartPre`) or after (`ExecStopPost`). */
export function runPrivileged(setting: 'ExecStartPre' | 'ExecStopPost'): void {
  const text = unitText({
    command: ['/bin/true'],
    clientGroup: undefined,
    cgroupRoot: CGROUP_ROOT,
    writable: [],
  });
  const line = text.split('\n').find((each) => each.startsWith(`${setting}=`)) ?? '';
  const [program = '', ...args] = line.replace(/^\w+=[-+]*/, '').split(' ');
  execFileSync(program, args);
}

/** The start of a command line, to be followed by the program's. */
export function asService({ without, groups = [] }: ServiceRights = {}): string[] {
  const kept = SERVICE_CAPABILITIES.filter((name) => name !== without);
  const names = kept.map((name) => `+${name.replace('CAP_', '').toLowerCase()}`);
  const groupArgs = groups.length === 0 ? ['--clear-groups'] : ['--groups', groups.join(',')];
  return [
    ...['unshare', '--mount', '--propagation', 'private', 'sh', '-c', OWN_BPF_FS],
    ...['setpriv', '--no-new-privs', '--inh-caps', '-all', ...groupArgs],
    ...['--bounding-set', ['-all', ...names].join(',')],
  ];
}
