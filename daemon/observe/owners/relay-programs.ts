/**
 * Programs that pass on what others own: the bytes of a tunnel's or a namespace's users leave once more,
 * wrapped, as the relay's own. By their names as the kernel has them: 15 bytes at most.
 */
const programs = new Set([
  // Between a rootless container's network namespace and the host's.
  'slirp4netns',
  'pasta',
  'pasta.avx2',
  'passt',
  'passt.avx2',
  'rootlesskit',
  'vpnkit',
  // Tunnels that are made by a process.
  'openvpn',
  'openconnect',
  'vpnc',
  'wireguard-go',
  'boringtun-cli',
  'tailscaled',
  'zerotier-one',
  'nebula',
  'netbird',
  'charon',
  'charon-systemd',
]);

/** Units that are nothing but such a program, for when their processes cannot be read. */
const units: readonly [pattern: RegExp, program: string][] = [
  [/^openvpn(?:-client|-server)?(?:@.*)?\.service$/, 'openvpn'],
  [/^openconnect(?:@.*)?\.service$/, 'openconnect'],
  [/^wireguard-go(?:@.*)?\.service$/, 'wireguard-go'],
  [/^tailscaled\.service$/, 'tailscaled'],
  [/^zerotier-one\.service$/, 'zerotier-one'],
  [/^strongswan(?:-swanctl|-starter)?\.service$/, 'charon'],
];

export function relayOfUnit(unit: string): string | undefined {
  return units.find(([pattern]) => pattern.test(unit))?.[1];
}

export function relaysAmong(comms: readonly string[]): string[] {
  return [...new Set(comms.filter((comm) => programs.has(comm)))];
}
