import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type EngineAddress, resolveEngine } from '../../../../daemon/observe/docker/engine-address.js';
import { EngineClient } from '../../../../daemon/observe/docker/engine-client.js';
import { NetmeterError } from '../../../../src/errors.js';
import { FakeEngine, json, recordedJson } from './fake-engine.js';

const test = suite<{ engine: FakeEngine; client: EngineClient }>('engine client');

test.before.each(async (context) => {
  context.engine = await new FakeEngine().listen();
  context.client = new EngineClient(context.engine.address);
});

test.after.each(async ({ engine, client }) => {
  client.close();
  await engine.close();
});

async function failure(work: Promise<unknown>): Promise<NetmeterError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.instance(error, NetmeterError);
  return error as NetmeterError;
}

test('agrees on a version and reads JSON', async ({ engine, client }) => {
  const ping = await client.negotiate();
  assert.is(ping.apiVersion, '1.51');
  assert.is(ping.buildkitByDefault, true);
  assert.equal(await client.getJson('/info'), recordedJson('info.json'));
  assert.equal(engine.asked, ['/_ping', '/v1.51/info']);
});

for (const [offered, spoken] of [
  ['1.41', '1.41'],
  ['1.51', '1.51'],
  ['1.99', '1.51'],
] as const) {
  test(`speaks ${spoken} with an engine that offers ${offered}`, async ({ engine, client }) => {
    engine.set('_ping', (response) => response.writeHead(200, { 'Api-Version': offered }).end('OK'));
    assert.is((await client.negotiate()).apiVersion, spoken);
  });
}

test('an engine that is too old', async ({ engine, client }) => {
  engine.set('_ping', (response) => response.writeHead(200, { 'Api-Version': '1.40' }).end('OK'));
  const error = await failure(client.negotiate());
  assert.is(error.code, 'engine-unsupported');
  assert.match(error.message, /speaks API 1\.40, netmeter needs 1\.41/);
});

test('something that answers but is no engine', async ({ engine, client }) => {
  engine.set('_ping', (response) => response.writeHead(200).end('<html>hello</html>'));
  const error = await failure(client.negotiate());
  assert.is(error.code, 'engine-nonsense');
  assert.match(error.message, /names no version of the API/);
  assert.match(error.hint!, /--docker-host/);
});

test('HTML, truncated JSON and no answer at all', async ({ engine, client }) => {
  await client.negotiate();
  engine.set('info', json('<html>\u001b[31mBad gateway</html>'));
  const html = await failure(client.getJson('/info'));
  assert.is(html.code, 'engine-nonsense');
  assert.match(html.message, /answered \/info with "<html> \[31mBad gateway<\/html>"/);
  assert.not.match(html.message, /\u001b/);
  engine.set('info', json(JSON.stringify(recordedJson('info.json')).slice(0, -10)));
  assert.is((await failure(client.getJson('/info'))).code, 'engine-nonsense');
  engine.set('info', json(''));
  assert.match((await failure(client.getJson('/info'))).message, /with nothing/);
});

test('an answer that breaks off', async ({ engine, client }) => {
  await client.negotiate();
  engine.set('info', (response) => {
    response.writeHead(200, { 'Content-Length': 1000 });
    response.write('{"ID":');
    setImmediate(() => engine.disconnect());
  });
  const error = await failure(client.getJson('/info'));
  assert.is(error.code, 'engine-nonsense');
  assert.match(error.message, /breaks off/);
});

test('an answer without an end is not read to its end', async ({ engine, client }) => {
  await client.negotiate();
  let sent = 0;
  engine.set('info', (response) => {
    const chunk = Buffer.alloc(1 << 20, 32);
    const more = (): void => {
      while (!response.destroyed) {
        sent += chunk.length;
        if (!response.write(chunk)) break;
      }
    };
    response.on('drain', more);
    more();
  });
  const error = await failure(client.getJson('/info'));
  assert.is(error.code, 'engine-nonsense');
  assert.match(error.message, /longer than 67108864 bytes/);
  assert.ok(sent < 2 * 67_108_864, `${sent} bytes were taken`);
});

test('an error of the engine is told in its own words', async ({ engine, client }) => {
  await client.negotiate();
  engine.set('info', json('{"message":"layer not known"}', 500));
  const error = await failure(client.getJson('/info'));
  assert.is(error.code, 'engine-unreachable');
  assert.match(error.message, /with 500: layer not known/);
  engine.set('info', json('{"message":"authorization denied by plugin"}', 403));
  assert.is((await failure(client.getJson('/info'))).code, 'permission-denied');
  engine.set('info', json('{"message":"No such container"}', 404));
  assert.is((await failure(client.getJson('/info'))).code, 'not-found');
  engine.set('info', json('<html>502 Bad Gateway</html>', 502));
  assert.is((await failure(client.getJson('/info'))).code, 'engine-nonsense');
});

test('an engine that hangs before its answer, and in the midst of it', async ({ engine, client }) => {
  await client.negotiate();
  engine.set('info', () => {});
  const silent = await failure(client.getJson('/info', { deadline: 30 }));
  assert.is(silent.code, 'engine-unreachable');
  assert.match(silent.message, /did not answer .*info within 30 ms/);
  engine.set('info', (response) => response.writeHead(200).write('{'));
  assert.match((await failure(client.getJson('/info', { deadline: 30 }))).message, /within 30 ms/);
});

test('the signal ends a question, with its reason', async ({ engine, client }) => {
  await client.negotiate();
  engine.set('info', () => {});
  const controller = new AbortController();
  const asked = client.getJson('/info', { signal: controller.signal });
  controller.abort(new Error('enough'));
  const reason = await asked.catch((error: Error) => error.message);
  assert.is(reason, 'enough');
});

test('a kept connection that the engine closed is replaced', async ({ engine, client }) => {
  await client.negotiate();
  for (let round = 0; round < 3; round++) {
    await client.getJson('/info');
    engine.disconnect();
    assert.equal(await client.getJson('/info'), recordedJson('info.json'));
  }
});

test('no socket, and one that nobody listens on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'netmeter-none-'));
  const socketPath = join(folder, 'docker.sock');
  const address: EngineAddress = {
    kind: 'unix',
    socketPath,
    name: 'x',
    url: `unix://${socketPath}`,
    source: 'DOCKER_HOST',
  };
  const client = new EngineClient(address);
  try {
    const none = await failure(client.negotiate());
    assert.is(none.code, 'engine-unreachable');
    assert.match(none.message, /\(DOCKER_HOST\): there is no such socket/);
    assert.match(none.hint!, /systemctl start docker/);
  } finally {
    client.close();
    rmSync(folder, { recursive: true });
  }
});

test('a socket that may not be used: which group may', async ({ engine, client }) => {
  chmodSync(dirname(engine.socketPath), 0o755);
  chmodSync(engine.socketPath, 0o060);
  const root = process.getuid!() === 0;
  if (root) chownSync(engine.socketPath, 0, 1);
  // Root may use every socket.
  if (root) process.seteuid!(65_534);
  let error: NetmeterError;
  try {
    error = await failure(client.negotiate());
  } finally {
    if (root) process.seteuid!(0);
  }
  assert.is(error.code, 'permission-denied');
  assert.ok(error.message.startsWith(`no permission to talk to ${engine.socketPath}`));
  assert.match(error.hint!, /sudo/);
  // Group 1 is called daemon on every Debian.
  if (root) assert.match(error.hint!, /usermod -aG daemon \$USER/);
});

test('an engine on TCP', async ({ engine }) => {
  const server = createServer((socket) => {
    const upstream = connect(engine.socketPath);
    socket.pipe(upstream).pipe(socket);
    for (const end of [socket, upstream]) end.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = new EngineClient(
    resolveEngine({ dockerHost: `tcp://127.0.0.1:${port}`, env: {}, homeDir: '/' }),
  );
  try {
    await client.negotiate();
    assert.equal(await client.getJson('/info'), recordedJson('info.json'));
  } finally {
    client.close();
    await new Promise((resolve) => server.close(resolve));
  }
  const gone = await failure(client.negotiate());
  assert.match(gone.message, /nobody listens there/);
});

test('something that does not speak HTTP', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'netmeter-ssh-'));
  const socketPath = join(folder, 'docker.sock');
  const server: Server = createServer((socket) => {
    socket.on('error', () => {});
    socket.resume();
    socket.end('SSH-2.0-OpenSSH_9.2\r\n');
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const client = new EngineClient({
    kind: 'unix',
    socketPath,
    name: 'x',
    url: `unix://${socketPath}`,
    source: 'x',
  });
  try {
    const error = await failure(client.negotiate());
    assert.is(error.code, 'engine-nonsense');
    assert.match(error.message, /does not speak HTTP/);
  } finally {
    client.close();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  }
});

test.run();
