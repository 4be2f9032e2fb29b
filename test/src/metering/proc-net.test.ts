import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { NetmeterError } from '../../../src/errors.js';
import { parseProcNetDev } from '../../../src/metering/proc-net-dev.js';
import { parseIp6Octets, parseIpExtOctets } from '../../../src/metering/proc-netstat.js';

const HEAD = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
`;
const DEV = `${HEAD}    lo:    2776      10    0    0    0     0          0         0     2776      10    0    0    0     0       0          0
  eth0: 1782378343 3650000    1    2    3     4          5         6 17823783  99999    0    0    0     0       0          0
 eth0:1:12 1    0    0    0     0          0         0        34       2    0    0    0     0       0          0
wlp0s20f3: 9007199254740991 7    0    0    0     0          0         0 18446744073709551615       2    0    0    0     0       0          0
`;

function refuses(work: () => unknown, message: RegExp): void {
  assert.throws(work, (error: unknown) => {
    assert.instance(error, NetmeterError);
    assert.is((error as NetmeterError).code, 'unreadable-input');
    assert.match((error as NetmeterError).message, message);
    return true;
  });
}

test('interfaces in the file’s order', () => {
  const [lo, eth0, alias, wireless] = parseProcNetDev(DEV, '/proc/7/net/dev');
  assert.equal(lo, { name: 'lo', rxBytes: 2776, rxPackets: 10, txBytes: 2776, txPackets: 10 });
  assert.equal(eth0, {
    name: 'eth0',
    rxBytes: 1_782_378_343,
    rxPackets: 3_650_000,
    txBytes: 17_823_783,
    txPackets: 99_999,
  });
  assert.is(alias?.name, 'eth0:1');
  assert.is(alias?.txBytes, 34);
  assert.is(wireless?.rxBytes, Number.MAX_SAFE_INTEGER);
});

test('a namespace without interfaces', () => {
  assert.equal(parseProcNetDev(HEAD, 'x'), []);
});

test('a file that is cut off anywhere is refused, and never read as something else', () => {
  const whole = parseProcNetDev(DEV, 'x');
  for (let length = 0; length < DEV.length; length++) {
    const cut = DEV.slice(0, length);
    let parsed: unknown[];
    try {
      parsed = parseProcNetDev(cut, '/proc/7/net/dev');
    } catch (error) {
      assert.match((error as Error).message, /^\/proc\/7\/net\/dev:\d: /);
      continue;
    }
    // Cut between two lines, it is a shorter list.
    assert.ok(cut.endsWith('\n'));
    assert.equal(parsed, whole.slice(0, parsed.length));
  }
});

test('other formats are refused with their line', () => {
  refuses(() => parseProcNetDev('', 'p'), /^p:1: /);
  refuses(
    () => parseProcNetDev('Inter-|   Receive  |  Transmit\n face |packets\n', 'p'),
    /^p:2: unknown columns/,
  );
  refuses(() => parseProcNetDev(`${HEAD}eth0: 1 2 3\n`, 'p'), /^p:3: not an interface and 16 numbers: "eth0/);
  refuses(() => parseProcNetDev(DEV.replace('3650000', '-1'), 'p'), /^p:4: /);
  refuses(() => parseProcNetDev(DEV.replace('  lo:', '  lo '), 'p'), /^p:3: /);
});

const NETSTAT = `TcpExt: SyncookiesSent SyncookiesRecv
TcpExt: 0 1
IpExt: InNoRoutes InTruncatedPkts InMcastPkts OutMcastPkts InBcastPkts OutBcastPkts InOctets OutOctets InMcastOctets
IpExt: 0 0 2 2 0 0 52006814 1305432 80
MPTcpExt: MPCapableSYNRX
MPTcpExt: 0
`;

test('octets of IPv4', () => {
  assert.equal(parseIpExtOctets(NETSTAT, 'p'), { rxBytes: 52_006_814, txBytes: 1_305_432 });
});

test('a group that is missing, cut off or not a number is refused', () => {
  refuses(() => parseIpExtOctets('', '/proc/7/net/netstat'), /^\/proc\/7\/net\/netstat: no group IpExt/);
  refuses(
    () => parseIpExtOctets(NETSTAT.slice(0, NETSTAT.indexOf(' 80\n')), 'p'),
    /^p:4: values do not match/,
  );
  refuses(
    () => parseIpExtOctets(NETSTAT.slice(0, NETSTAT.indexOf('IpExt: 0')), 'p'),
    /^p:4: values do not match/,
  );
  refuses(() => parseIpExtOctets(NETSTAT.replace('52006814', 'x'), 'p'), /^p:4: no number for InOctets/);
  refuses(
    () => parseIpExtOctets(NETSTAT.replace('OutOctets', 'Octets'), 'p'),
    /^p:4: no number for OutOctets/,
  );
});

test('octets of IPv6', () => {
  const text =
    'Ip6InReceives                   \t31\nIp6InOctets                     \t2480\nIp6OutOctets                    \t4712\nIp6InMcastOctets 9\n';
  assert.equal(parseIp6Octets(text, 'p'), { rxBytes: 2480, txBytes: 4712 });
  refuses(() => parseIp6Octets(text.slice(0, 60), 'p'), /^p: no number for Ip6InOctets/);
  refuses(() => parseIp6Octets(text.replace('4712', '-'), 'p'), /^p: no number for Ip6OutOctets/);
});

test.run();
