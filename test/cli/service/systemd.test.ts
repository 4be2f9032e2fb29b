import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryDir } from '../../daemon/server/harness.js';
import { HAS_NSPAWN, inBootedSystem } from './booted-systemd.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** As it was built, with its bundles. */
const NETMETER = `${ROOT}dist/cli/main.cjs`;
const dir = temporaryDir();

test.after(() => rmSync(dir, { recursive: true, force: true }));

const booted = HAS_NSPAWN ? test : test.skip;

booted('a booted systemd runs the service, restarts it after kill -9, and is left without it', async () => {
  const said = await inBootedSystem(
    dir,
    `
    netmeter() { ${process.execPath} ${NETMETER} "$@"; }
    state() { systemctl show -p ActiveState -p SubState -p StatusText --value netmeter | paste -sd ' ' -; }
    pid() { systemctl show -p MainPID --value netmeter; }
    echo "install: $(netmeter service install --json)"
    echo "state: $(state)"
    echo "enabled: $(systemctl is-enabled netmeter)"
    echo "tier: $(netmeter status --json | grep -o '"meter":"[a-z]*"')"
    echo "warnings: $(netmeter status --json | grep -o '"warnings":[^]]*]')"
    echo "pins: $(ls /sys/fs/bpf/netmeter | wc -l)"
    echo "run: $(netmeter run -- sh -c 'grep -o ^0::/netmeter/run- /proc/self/cgroup' 2>/dev/null)"
    echo "sys: $(nsenter --target $(pid) --mount findmnt -n -o OPTIONS /proc/sys | grep -o '^r[ow]')"
    first=$(pid)
    kill -9 $first
    until [ "$(pid)" != 0 ] && [ "$(pid)" != $first ] && netmeter status >/dev/null 2>&1; do sleep 0.2; done
    echo "restarted: $(state)"
    echo "again: $(netmeter service install --json)"
    echo "remove: $(netmeter service remove --json)"
    echo "left: $(ls -d /etc/systemd/system/netmeter.service /run/netmeter /sys/fs/bpf/netmeter 2>/dev/null)"
    echo "status: $(netmeter status --json)"
    `,
    [ROOT.replace(/\/$/, '')],
  );
  const lines = new Map(
    said.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]),
  );
  const unit = '{"schema":1,"path":"/etc/systemd/system/netmeter.service","managed":true}';
  const expected = {
    install: unit,
    state: 'meters (exact) active running',
    enabled: 'enabled',
    tier: '"meter":"exact"',
    warnings: '"warnings":[]',
    run: '0::/netmeter/run-',
    sys: 'ro',
    restarted: 'meters (exact) active running',
    again: unit,
    remove: unit,
    left: '',
  };
  for (const [name, value] of Object.entries(expected)) assert.is(lines.get(name), value, said);
  assert.ok(Number(lines.get('pins')) > 0, said);
  assert.match(lines.get('status') ?? '', 'daemon-not-running');
});

test.run();
