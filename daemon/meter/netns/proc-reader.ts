import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { NetmeterError } from '../../../src/errors.js';
import { parseProcNetDev } from '../../../src/metering/proc-net-dev.js';
import { parseIp6Octets, parseIpExtOctets } from '../../../src/metering/proc-netstat.js';
import { addTraffic, noTraffic, type Traffic, type Transfer } from '../../../src/units.js';
import { isErrno } from '../../sys/system-error.js';

const buffer = Buffer.allocUnsafe(16 << 10);

/** Reads what the kernel says of a process's network namespace, under a given `/proc`. */
export class ProcReader {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * The inode that names a namespace; `undefined` when its process or file is gone.
   * @throws NetmeterError `permission-denied`
   */
  namespaceInode(path: string): number | undefined {
    try {
      return statSync(path).ino;
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ESRCH')) return undefined;
      if (!isErrno(error, 'EACCES', 'EPERM')) throw error;
      const hint = "looking into other users' processes takes root, or CAP_SYS_PTRACE";
      throw new NetmeterError('permission-denied', `${path} may not be read`, { hint, cause: error });
    }
  }

  namespacePath(pid: number | 'self'): string {
    return join(this.#root, String(pid), 'ns/net');
  }

  /**
   * All interfaces of the process's namespace but loopback, by its own view, with layer 2 headers.
   * @returns `undefined` when the process is gone, or is a zombie, which has no namespace any more
   * @throws NetmeterError `unreadable-input`
   */
  counters(pid: number): Traffic | undefined {
    const path = join(this.#root, String(pid), 'net/dev');
    const text = read(path);
    if (text === undefined) return undefined;
    const sum = noTraffic();
    for (const { name, ...counters } of parseProcNetDev(text, path)) {
      if (name !== 'lo') addTraffic(sum, counters);
    }
    return sum;
  }

  /**
   * What the namespace's IP layer counted, IPv4 and IPv6, without loopback and layer 2.
   * @returns `undefined` when the process is gone
   * @throws NetmeterError `unreadable-input`
   */
  ipOctets(pid: number): Transfer | undefined {
    const folder = join(this.#root, String(pid), 'net');
    const dev = read(join(folder, 'dev'));
    const netstat = read(join(folder, 'netstat'));
    if (dev === undefined || netstat === undefined) return undefined;
    const ip4 = parseIpExtOctets(netstat, join(folder, 'netstat'));
    // Kernels without IPv6 have no such file.
    const snmp6 = read(join(folder, 'snmp6'));
    const ip6 =
      snmp6 === undefined ? { rxBytes: 0, txBytes: 0 } : parseIp6Octets(snmp6, join(folder, 'snmp6'));
    const loopback = parseProcNetDev(dev, join(folder, 'dev')).find(({ name }) => name === 'lo');
    return {
      rxBytes: ip4.rxBytes + ip6.rxBytes - (loopback?.rxBytes ?? 0),
      txBytes: ip4.txBytes + ip6.txBytes - (loopback?.txBytes ?? 0),
    };
  }
}

/** A whole file: the kernel hands it out in parts of a page, each ending with a line. */
function read(path: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH', 'EINVAL')) return undefined;
    throw error;
  }
  try {
    let text = '';
    for (;;) {
      const size = readSync(fd, buffer, 0, buffer.length, null);
      text += buffer.toString('latin1', 0, size);
      if (size === 0) return text;
    }
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH', 'EINVAL')) return undefined;
    throw error;
  } finally {
    closeSync(fd);
  }
}
