/**
 * Whether a device merges or segments packets below the point where they are counted, so that its packets
 * are not those on the wire. Asked with the ethtool ioctl (linux/ethtool.h), which needs no privileges.
 */
import { addressOf, syscall, trySyscall } from '../../sys/syscall.js';

/** Features of a device by the kernel's names, such as `tx-tcp-segmentation`. */
export type Features = ReadonlyMap<string, boolean>;

const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0x80000;
/** linux/sockios.h */
const SIOCETHTOOL = 0x8946;
const ETHTOOL_GSTRINGS = 0x1b;
const ETHTOOL_GSSET_INFO = 0x37;
const ETHTOOL_GFEATURES = 0x3a;
const ETH_SS_FEATURES = 4;
const ETH_GSTRING_LEN = 32;
/** A name of 15 bytes and its end, then the address of the command. */
const IFNAMSIZ = 16;
const IFREQ_SIZE = 40;
/** struct ethtool_get_features_block: available, requested, active, never changed. */
const BLOCK_SIZE = 16;
const ACTIVE = 8;

/** Features that turn one packet of the stack into several on the wire, or several into one. */
const MERGING = [
  'tx-tcp-segmentation',
  'tx-tcp6-segmentation',
  'tx-tcp-ecn-segmentation',
  'tx-tcp-mangleid-segmentation',
  'tx-udp-segmentation',
  'rx-lro',
  'rx-gro-hw',
];

/** Features that are on, of those that make packets of stack and wire differ. Empty: they are the same. */
export function mergingFeatures(features: Features): string[] {
  return MERGING.filter((name) => features.get(name) === true);
}

/** The device's features; `undefined` when it is gone or does not tell. */
export function readFeatures(interfaceName: string): Features | undefined {
  const fd = syscall('socket', 'AF_INET', AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  try {
    const names = featureNames(fd, interfaceName);
    if (names === undefined) return undefined;
    const blocks = Math.ceil(names.length / 32);
    const command = words(ETHTOOL_GFEATURES, blocks);
    const answer = ethtool(fd, interfaceName, command, 8 + blocks * BLOCK_SIZE);
    if (answer === undefined) return undefined;
    const isActive = (at: number): boolean =>
      ((answer.getUint32(8 + (at >> 5) * BLOCK_SIZE + ACTIVE, true) >>> (at & 31)) & 1) === 1;
    return new Map(names.map((name, at) => [name, isActive(at)]));
  } finally {
    trySyscall('close', fd);
  }
}

function featureNames(fd: number, interfaceName: string): string[] | undefined {
  const set = words(ETHTOOL_GSSET_INFO, 0, 1 << ETH_SS_FEATURES, 0);
  const info = ethtool(fd, interfaceName, set, 20);
  const count = info?.getUint32(16, true) ?? 0;
  if (count === 0) return undefined;
  const query = words(ETHTOOL_GSTRINGS, ETH_SS_FEATURES, count);
  const answer = ethtool(fd, interfaceName, query, 12 + count * ETH_GSTRING_LEN);
  if (answer === undefined) return undefined;
  const name = (at: number): string => {
    const from = answer.byteOffset + 12 + at * ETH_GSTRING_LEN;
    return Buffer.from(answer.buffer, from, ETH_GSTRING_LEN).toString('latin1').replace(/\0.*$/, '');
  };
  return Array.from({ length: count }, (_, at) => name(at));
}

/** Runs a command whose answer overwrites it; `undefined` when the kernel or the driver refuses. */
function ethtool(fd: number, interfaceName: string, command: Uint8Array, size: number): DataView | undefined {
  const name = Buffer.from(interfaceName, 'utf8');
  if (name.length >= IFNAMSIZ) return undefined;
  const data = new Uint8Array(new ArrayBuffer(size));
  data.set(command);
  const request = new Uint8Array(new ArrayBuffer(IFREQ_SIZE));
  request.set(name);
  new DataView(request.buffer).setBigUint64(IFNAMSIZ, addressOf(data), true);
  return trySyscall('ioctl', fd, SIOCETHTOOL, request) < 0 ? undefined : new DataView(data.buffer);
}

function words(...values: number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}
