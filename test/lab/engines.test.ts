// The lab's engines and servers: what later tests take for granted.
import * as assert from 'uvu/assert';
import {
  build,
  bytesPath,
  difference,
  docker,
  type EngineName,
  engine,
  lab,
  labSuite,
  originPath,
  pushRandomImage,
  run,
  uplinkCounters,
  withoutEthernet,
} from './harness/index.js';

const VERSIONS: Record<EngineName, RegExp> = { '28': /^28\./, '20': /^20\.10\./ };
const LAB = new URL('../../scripts/lab/lab', import.meta.url).pathname;

for (const name of ['28', '20'] as const) {
  const test = labSuite(`lab: engine ${name}`, [name]);

  test('is the version that it says, with BuildKit', 120_000, async () => {
    const { stdout } = await docker(name, ['version', '--format', '{{.Server.Version}}']);
    assert.match(stdout, VERSIONS[name]);
    const { stdout: dir } = await docker(name, ['info', '--format', '{{.DockerRootDir}}']);
    assert.is(dir.trim(), engine(name).dataDir);
    // Without BuildKit, a cache mount would be refused.
    await build({ engine: name, dockerfile: 'FROM nm-busybox\nRUN --mount=type=cache,target=/c true' });
  });

  test('reaches the origin from a step, which counts what it sent and took', 120_000, async () => {
    const down = bytesPath(1_000_000, 'down');
    const up = `/upload/${down.split('/').pop()}`;
    // busybox's wget sends a file up to its first zero byte.
    const script = `head -c 500000 /dev/zero | tr '\\0' n > /f && wget -q -O - --post-file /f ${lab().origin}${up}`;
    await build({
      engine: name,
      dockerfile: `FROM nm-busybox\nRUN wget -q -O /dev/null '${lab().originV6}${down}'\nRUN ${script}`,
    });
    const sent = await originPath(down);
    assert.is(sent.requests, 1);
    assert.is(sent.bodySent, 1_000_000);
    assert.ok(sent.socketSent > 1_000_000 && sent.socketSent < 1_001_000, `${sent.socketSent}`);
    const taken = await originPath(up);
    assert.is(taken.bodyReceived, 500_000);
    assert.ok(taken.socketReceived > 500_000 && taken.socketReceived < 501_000, `${taken.socketReceived}`);
  });

  test('pulls a fresh image over the uplink, all of it', 120_000, async (cleanup) => {
    const image = await pushRandomImage('pull', [1_000_000, 4_000_000]);
    cleanup.defer(() => docker(name, ['rmi', image.reference], { anyExit: true }));
    const before = uplinkCounters();
    await docker(name, ['pull', '-q', image.reference]);
    const { rxBytes } = withoutEthernet(difference(uplinkCounters(), before));
    const blobs = image.layers.reduce(
      (sum, layer) => sum + layer.size,
      image.configBytes + image.manifestBytes,
    );
    assert.ok(rxBytes > blobs, `${rxBytes} bytes cannot carry ${blobs}`);
    assert.ok(rxBytes < blobs * 1.06, `${rxBytes} bytes are too many for ${blobs}`);
  });

  test('builds from a git context and with ADD from a URL', 120_000, async () => {
    const add = bytesPath(300_000, 'add');
    await build({ engine: name, dockerfile: `FROM nm-busybox\nADD ${lab().origin}${add} /added` });
    assert.is((await originPath(add)).bodySent, 300_000);
    await docker(name, ['build', `${lab().origin}/git/sample.git`]);
  });

  test.run();
}

const test = labSuite('lab: commands', ['28', '20']);

test('up changes nothing that is up', 120_000, async () => {
  const before = await run(LAB, ['env']);
  await run(LAB, ['up', '--engine', 'both'], { timeoutMs: 110_000 });
  const after = await run(LAB, ['env']);
  assert.is(after.stdout, before.stdout);
});

test('status says what is up', 30_000, async () => {
  const { stdout } = await run(LAB, ['status']);
  for (const part of ['origin', 'registry', 'engine28', 'engine20']) {
    assert.match(stdout, new RegExp(`^${part}: running, pid \\d+$`, 'm'));
  }
});

test('refuses an unknown command and an unknown engine', 30_000, async () => {
  assert.is((await run(LAB, ['upp'], { anyExit: true })).exitCode, 1);
  const { exitCode, stderr } = await run(LAB, ['up', '--engine', '27'], { anyExit: true });
  assert.is(exitCode, 1);
  assert.match(stderr, /--engine 27: expected 28, 20.10, both or none/);
});

test.run();
