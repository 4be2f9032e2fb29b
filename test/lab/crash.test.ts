// The lab is taken down from any state, and comes up from any.
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import {
  Cleanup,
  docker,
  eventually,
  lab,
  labCommand,
  labSuite,
  readLab,
  run,
  stopEngine,
} from './harness/index.js';

const test = labSuite('lab: down and up', ['28', '20'], { exclusive: true });

test('removes everything after engines and servers crashed', 300_000, async (cleanup) => {
  cleanup.defer(() => labCommand(['up', '--engine', 'both']));
  const firewallBefore = await firewall();
  const container = ['run', '-d', '-p', '18080:80', 'nm-busybox', 'sleep', '600'];
  await docker('28', ['network', 'create', 'lab-crash']);
  await docker('28', ['run', '-d', '--network', 'lab-crash', 'nm-busybox', 'sleep', '600']);
  const { stdout: id } = await docker('20', container);
  const { stdout: pid } = await docker('20', ['inspect', '-f', '{{.State.Pid}}', id.trim()]);
  assert.match(cmdline(pid), /^sleep/);
  await labCommand(['kill-engine', '28']);
  await labCommand(['kill-engine', '20.10']);
  process.kill(await originPid(), 'SIGKILL');

  await labCommand(['down']);
  const { exitCode, stdout } = await labCommand(['leftovers'], true);
  assert.is(stdout, '');
  assert.is(exitCode, 0);
  assert.is(readLab(), undefined);
  await eventually('the container to end', 5_000, () => (cmdline(pid) === '' ? true : undefined));
  assert.not.match(await firewall(), /DOCKER/);
  assert.match(firewallBefore, /DOCKER/);
  await labCommand(['down']); // once more, with nothing left
});

test('comes up whole after it was interrupted', 300_000, async (cleanup) => {
  cleanup.defer(() => labCommand(['up', '--engine', 'both']));
  const { uplink, netns, origin } = lab();
  await run('ip', ['-6', 'route', 'flush', 'dev', uplink]);
  await run('ip', ['-n', netns, 'addr', 'flush', 'dev', 'eth0']);
  await labCommand(['up', '--engine', 'both']);
  await run('curl', ['-sf', '-o', '/dev/null', '--max-time', '10', `${origin}/bytes/1000/again`]);
});

test('stops an engine, and starts it again', 180_000, async (cleanup) => {
  const again = new Cleanup();
  cleanup.defer(() => again.run());
  await stopEngine(again, '20');
  assert.is.not((await docker('20', ['version'], { anyExit: true })).exitCode, 0);
  await again.run();
  await docker('20', ['version']);
});

async function firewall(): Promise<string> {
  return (await run('iptables-save', [])).stdout;
}

function cmdline(pid: string): string {
  try {
    return readFileSync(`/proc/${pid.trim()}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

async function originPid(): Promise<number> {
  const { stdout } = await labCommand(['status']);
  return Number(/^origin: running, pid (\d+)$/m.exec(stdout)?.[1]);
}

test.run();
