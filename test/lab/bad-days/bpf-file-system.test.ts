// The BPF file system is not there, read-only or out of reach, and there is no cgroup2: what is counted then.
import * as assert from 'uvu/assert';
import { labSuite, Netmeter } from '../harness/index.js';
import { assertRefused, Downloader, sourceNamed, started, startUnder, status, withMounts } from './scene.js';

const test = labSuite('bad days: the BPF file system');
/** Of the machine's mounts nothing changes: these are of a namespace that ends with the daemon. */
const UNMOUNT = 'umount /sys/fs/bpf';

test('where it is not mounted, it is mounted', 60_000, async (cleanup) => {
  const netmeter = new Netmeter(cleanup);
  const host = new Downloader(cleanup);
  const start = await started(startUnder(netmeter, withMounts(UNMOUNT)));
  assert.is(start.tiers.meter, 'exact');
  assert.equal(start.warnings, []);
  await host.download();
  await host.assertCounted(netmeter);
});

interface Unpinnable {
  what: string;
  code: string;
  prefix: string[];
  message: RegExp;
  /** What to type, which is part of a warning's message. */
  fix: RegExp;
}

const UNPINNABLE: Unpinnable[] = [
  {
    what: 'it is read-only',
    code: 'bpffs-read-only',
    prefix: withMounts(`${UNMOUNT}; mount -t bpf -o ro bpf /sys/fs/bpf`),
    message: /a crash would lose .*\/sys\/fs\/bpf is read-only/,
    fix: /mount -o remount,rw \/sys\/fs\/bpf/,
  },
  {
    what: 'it may not be mounted',
    code: 'bpffs-unavailable',
    prefix: [...withMounts(UNMOUNT), 'setpriv', '--bounding-set', '-sys_admin'],
    message: /a crash would lose .*\/sys\/fs\/bpf is no BPF file system: .*EPERM/,
    fix: /mount -t bpf bpf \/sys\/fs\/bpf/,
  },
];

for (const { what, code, prefix, message, fix } of UNPINNABLE) {
  test(`where ${what}, it is counted exactly all the same, with a warning`, 60_000, async (cleanup) => {
    const netmeter = new Netmeter(cleanup);
    const host = new Downloader(cleanup);
    const start = await started(startUnder(netmeter, prefix));
    assert.is(start.tiers.meter, 'exact');
    for (const { warnings } of [start, await status(netmeter)]) {
      assert.is(warnings.length, 1);
      assert.is(warnings[0]?.code, code);
      assert.match(warnings[0]!.message, message);
      assert.match(warnings[0]!.message, fix);
    }
    assert.match((await netmeter.run(['status'])).stdout, `(${code})`);
    await host.download();
    await host.assertCounted(netmeter);
    const { stdout } = await netmeter.run(['stop', '--json']);
    assert.equal(JSON.parse(stdout).problems, []);
  });
}

test('where there is no cgroup2, namespaces are counted, and it is said why', 60_000, async (cleanup) => {
  const netmeter = new Netmeter(cleanup);
  const prefix = withMounts(
    "grep ' - cgroup2 ' /proc/self/mountinfo | cut -d ' ' -f 5 | xargs -n 1 umount -l",
  );
  const start = await started(startUnder(netmeter, prefix));
  assert.is(start.tiers.meter, 'header');
  const meter = sourceNamed(start.sources, 'meter');
  assert.is(meter.code, 'cgroup2-missing');
  assert.match(meter.because!, 'cgroup2 is not mounted');
  assert.match(meter.better!, 'mount -t cgroup2');
  assertRefused(await netmeter.run(['run', '--json', '--', 'true'], { anyExit: true }), {
    code: 'cgroup2-missing',
    exit: 1,
    message: /cgroup2 is not mounted/,
    hint: /mount -t cgroup2/,
  });
});

test.run();
