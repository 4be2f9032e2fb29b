// Engines that come, crash and come again, and one that systemd made the socket for.
import * as assert from 'uvu/assert';
import { DockerObserver } from '../../../daemon/observe/docker/docker-observer.js';
import { resolveEngine } from '../../../daemon/observe/docker/engine-address.js';
import type { EngineChange } from '../../../daemon/observe/docker/types.js';
import { PrivateEngine } from '../engines/private-engine.js';
import { type Cleanup, eventually, labSuite } from '../harness/index.js';

const test = labSuite('docker engine', ['28']);

async function observe(engine: PrivateEngine, cleanup: Cleanup): Promise<[DockerObserver, EngineChange[]]> {
  const address = resolveEngine({ dockerHost: engine.dockerHost, env: {}, homeDir: '/' });
  const observer = new DockerObserver({ address, procRoot: '/proc', now: Date.now, log: () => {} });
  cleanup.defer(() => observer.stop());
  const changes: EngineChange[] = [];
  observer.onEngine((change) => changes.push(change));
  await observer.start(new AbortController().signal);
  return [observer, changes];
}

test('is found when it starts, lost when it is killed, and known as restarted', 240_000, async (cleanup) => {
  const engine = new PrivateEngine('28', cleanup);
  const [observer, changes] = await observe(engine, cleanup);
  assert.match(observer.state().because!, /no Docker engine at .*there is no such socket/);

  const first = await engine.start();
  const found = await eventually('the engine', 60_000, () => changes[0]);
  assert.is(found.connected && found.restarted, false);
  assert.is(observer.engine()?.pid, first);

  await engine.end('SIGKILL');
  await eventually('its loss', 20_000, () => changes[1]);
  assert.is(changes[1]!.connected, false);
  assert.is(observer.engine(), undefined);

  const second = await engine.start();
  const again = await eventually('the engine', 60_000, () => changes[2]);
  assert.is(again.connected && again.restarted, true);
  assert.is(observer.engine()?.pid, second);
  assert.is.not(second, first);
});

test('is told from whoever made the socket that it listens on', 120_000, async (cleanup) => {
  const engine = new PrivateEngine('28', cleanup);
  const pid = await engine.startWithSocket();
  const [observer] = await observe(engine, cleanup);
  const facts = await eventually('the engine', 60_000, () => observer.engine());
  assert.is(facts.pid, pid);
  assert.equal(
    facts.processes.map(({ comm }) => comm),
    ['dockerd', 'containerd'],
  );
});

test.run();
