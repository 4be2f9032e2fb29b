import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { maps as shapes } from '../../../../daemon/meter/ebpf/generated/bytecode.js';
import { closeQuietly } from '../../../../daemon/meter/ebpf/kernel/bpf-call.js';
import { BpfMap } from '../../../../daemon/meter/ebpf/kernel/bpf-map.js';
import { loadCountingPrograms, type MeterMaps } from '../../../../daemon/meter/ebpf/programs.js';

const LOADS = 60;
/** So many signals came meanwhile at least: the shell that sends them has to be given time by a busy machine. */
const SIGNALS = 10;

test('signals that come while programs are loaded do no harm', async () => {
  const maps = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, BpfMap.create(name, shape)]),
  ) as unknown as MeterMaps;
  let heard = 0;
  const hear = () => {
    heard++;
  };
  process.on('SIGUSR2', hear);
  const noise = spawn('sh', ['-c', 'echo on; while kill -USR2 $PPID; do sleep 0.02; done'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    await once(noise.stdout, 'data');
    for (let i = 0; i < LOADS || heard < SIGNALS; i++) {
      const { ingress, egress, netnsKnown } = loadCountingPrograms(maps, true);
      closeQuietly(ingress);
      closeQuietly(egress);
      assert.ok(netnsKnown, `load ${i}`);
      await new Promise(setImmediate);
    }
  } finally {
    noise.kill();
    await once(noise, 'close');
    process.off('SIGUSR2', hear);
    for (const map of Object.values(maps)) map.close();
  }
});

test.run();
