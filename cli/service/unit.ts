/** service: netmeter as a systemd service, for machines where it is to run all the time. */

/**
 * What the daemon needs beyond being root without any: to load and attach its programs (CAP_BPF,
 * CAP_NET_ADMIN) and to trace with them (CAP_PERFMON), to read the namespaces of other users' processes
 * (CAP_SYS_PTRACE), and engines' private directories and cgroups by their ids (CAP_DAC_READ_SEARCH).
 */
export const SERVICE_CAPABILITIES = [
  'CAP_BPF',
  'CAP_NET_ADMIN',
  'CAP_PERFMON',
  'CAP_SYS_PTRACE',
  'CAP_DAC_READ_SEARCH',
] as const;

export const UNIT_NAME = 'netmeter.service';

export interface UnitSettings {
  /** The daemon's whole command line, program first. */
  command: readonly string[];
  /** Name or id of the group whose members may ask the daemon; `undefined` where only root may. */
  clientGroup: string | undefined;
  /** Mount point of cgroup2; `undefined` where there is none. */
  cgroupRoot: string | undefined;
  /** Existing directories to write to, besides those that systemd makes for the unit. */
  writable: readonly string[];
}

/**
 * The unit's text (systemd.service(5), systemd.exec(5)).
 *
 * What it does without: a network namespace, a view of /proc or a user of its own, since it reads those of
 * others; write protection of cgroups, in which `netmeter run` puts commands; and write-and-execute
 * protection of memory, which V8's compiler needs.
 */
export function unitText({ command, clientGroup, cgroupRoot, writable }: UnitSettings): string {
  const lines = [
    '# Written by: netmeter service install. Removed by: netmeter service remove.',
    '[Unit]',
    'Description=netmeter, the network meter of containers and image builds',
    'After=docker.service containerd.service NetworkManager.service',
    '',
    '[Service]',
    'Type=notify',
    ...runParent('ExecStartPre=+/bin/mkdir -p', cgroupRoot),
    `ExecStart=${command.map(quoted).join(' ')}`,
    ...runParent('ExecStopPost=-+/bin/rmdir', cgroupRoot),
    'Restart=on-failure',
    'RestartSec=5',
    'WatchdogSec=60',
    'TimeoutStartSec=180',
    'TimeoutStopSec=60',
    'KillMode=mixed',
    'UMask=0077',
    // Below Linux 5.11 the memory of counters is charged to this limit.
    'LimitMEMLOCK=infinity',
    'RuntimeDirectory=netmeter',
    'RuntimeDirectoryMode=0755',
    'StateDirectory=netmeter',
    'StateDirectoryMode=0710',
    // A file may be given to a group of one's own without CAP_CHOWN.
    ...(clientGroup === undefined ? [] : [`SupplementaryGroups=${clientGroup}`]),
    '',
    `CapabilityBoundingSet=${SERVICE_CAPABILITIES.join(' ')}`,
    'NoNewPrivileges=yes',
    'ProtectSystem=strict',
    'ProtectHome=read-only',
    'ProtectClock=yes',
    'ProtectHostname=yes',
    'ProtectKernelLogs=yes',
    'ProtectKernelModules=yes',
    // As ProtectKernelTunables=, which has no way to except the BPF file system.
    'ReadOnlyPaths=/sys /proc/sys /proc/irq -/proc/sysrq-trigger -/proc/fs -/proc/acpi -/proc/latency_stats',
    `ReadWritePaths=${['/sys/fs/bpf', '/sys/fs/cgroup', ...writable].map(quoted).join(' ')}`,
    'InaccessiblePaths=-/proc/kallsyms -/proc/kcore',
    'PrivateDevices=yes',
    ...(command.some(isTemporary) ? [] : ['PrivateTmp=yes']),
    'LockPersonality=yes',
    'RestrictAddressFamilies=AF_UNIX AF_NETLINK AF_INET AF_INET6',
    'RestrictNamespaces=yes',
    'RestrictRealtime=yes',
    'RestrictSUIDSGID=yes',
    'SystemCallArchitectures=native',
    'SystemCallFilter=@system-service bpf perf_event_open open_by_handle_at',
    'SystemCallErrorNumber=EPERM',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ];
  return lines.join('\n');
}

/**
 * The parent of the cgroups of `netmeter run`, made and removed with all of root's rights: nobody may write in
 * the root of cgroup2 without CAP_DAC_OVERRIDE, which would let the daemon write everywhere.
 */
function runParent(setting: string, cgroupRoot: string | undefined): string[] {
  return cgroupRoot === undefined ? [] : [`${setting} ${quoted(`${cgroupRoot}/netmeter`)}`];
}

/** A program in a directory that PrivateTmp= would hide from it, as one that is only tried out may be. */
function isTemporary(path: string): boolean {
  return /^\/(var\/)?tmp\//.test(path);
}

/** One word of a command line as systemd.service(5) wants it: `%` and `$` are its own. */
function quoted(word: string): string {
  const literal = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  if (/^[\w@%+=:,./$-]+$/.test(literal)) return literal;
  const escaped = literal.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t');
  return `"${escaped}"`;
}
