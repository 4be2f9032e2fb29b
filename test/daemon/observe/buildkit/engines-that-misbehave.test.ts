import type { OutgoingHttpHeaders } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import { createServer, type Server, type Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connectBuildkit } from '../../../../daemon/observe/buildkit/connection.js';
import { BuildkitObserver } from '../../../../daemon/observe/buildkit/observer.js';
import { NetmeterError } from '../../../../src/errors.js';
import { until } from '../docker/until.js';
import { FakeBuildkit } from './fake-buildkit.js';

interface Context {
  engine: FakeBuildkit;
  observer: BuildkitObserver;
  log: string[];
}

const test = suite<Context>('engines that misbehave');
const UPGRADED = 'HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n';

test.before.each((context) => {
  context.engine = new FakeBuildkit();
  context.log = [];
  context.observer = new BuildkitObserver({
    address: context.engine.address,
    engineName: 'fake',
    procRoot: '/proc',
    now: Date.now,
    log: (message) => context.log.push(message),
    isKnown: () => false,
    unfinished: () => [],
  });
});

test.after.each(async ({ engine, observer }) => {
  await observer.stop();
  await engine.close();
});

const start = ({ observer }: Context): Promise<void> => observer.start(new AbortController().signal);

test('no engine at all: says so, and finds it when it comes', async (context) => {
  const { engine, observer } = context;
  await start(context);
  assert.is(observer.errorCode(), 'engine-unreachable');
  assert.match(observer.state().because!, engine.address.url);
  await engine.listen();
  await until(() => observer.state().ok);
  assert.is(observer.errorCode(), undefined);
});

const GARBAGE: [what: string, upgrade: (socket: Socket) => void][] = [
  [
    'bytes that are no HTTP/2',
    (socket) => socket.write(`${UPGRADED}what do you want?\r\n${'x'.repeat(9_000)}`),
  ],
  ['no HTTP', (socket) => socket.write('220 mail.example.org ESMTP\r\n')],
  ['an upgrade that is none', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')],
];
for (const [what, upgrade] of GARBAGE) {
  test(`answers ${what}`, async (context) => {
    const { engine, observer } = context;
    engine.onUpgrade = upgrade;
    await engine.listen();
    await start(context);
    assert.ok(
      ['engine-nonsense', 'engine-unreachable'].includes(observer.errorCode()!),
      observer.errorCode(),
    );
    assert.is(observer.state().ok, false);
  });
}

const ANSWERS: [what: string, headers: OutgoingHttpHeaders, body: Buffer][] = [
  ['messages that are none', { 'content-type': 'application/grpc+proto' }, grpcFrame(Buffer.alloc(40, 0xff))],
  [
    'a frame that never ends',
    { 'content-type': 'application/grpc+proto' },
    Buffer.of(0, 0x7f, 0xff, 0xff, 0xff, 1),
  ],
  ['a page', { 'content-type': 'text/html' }, Buffer.from('<h1>Welcome to nginx!</h1>')],
  ['an error of HTTP', { ':status': 500 }, Buffer.from('oops')],
];
for (const [what, headers, body] of ANSWERS) {
  test(`answers gRPC with ${what}`, async (context) => {
    const { engine, observer } = context;
    const http2 = createHttp2();
    http2.on('stream', (stream) => {
      stream.on('error', () => {});
      stream.respond(headers);
      stream.end(body);
    });
    engine.onUpgrade = (socket) => {
      socket.write(UPGRADED);
      http2.emit('connection', socket);
    };
    await engine.listen();
    await start(context);
    assert.is(observer.errorCode(), 'engine-nonsense', observer.state().because);
    assert.match(observer.state().because!, engine.address.url);
  });
}

test('a refusal without a reason', async (context) => {
  const { engine, observer } = context;
  engine.onUpgrade = (socket) => socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
  await engine.listen();
  await start(context);
  assert.is(observer.errorCode(), 'permission-denied');
});

test('an engine that hangs does not keep anybody from stopping', async (context) => {
  const { engine, observer } = context;
  engine.onUpgrade = () => {};
  await engine.listen();
  const going = start(context);
  await until(() => engine.calls.get('/grpc') === 1);
  await observer.stop();
  await going;
});

test('one that breaks off again and again is asked less and less often, and logged once', async (context) => {
  const { engine, log } = context;
  engine.onUpgrade = (socket) => {
    socket.write(UPGRADED);
    setTimeout(() => socket.destroy(), 5);
  };
  await engine.listen();
  await start(context);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.ok(engine.calls.get('/grpc')! <= 5, `${engine.calls.get('/grpc')}`);
  // It ends in one of two ways, as the kernel tells it: each is logged when it is new, and not again.
  assert.ok(log.length >= 1);
  assert.is(new Set(log).size, log.length, log.join('\n'));
});

test('where /grpc is gone, gRPC is tried on the socket itself', async (context) => {
  const { engine, observer } = context;
  // Stands for an engine of 29.2 or later: which protocol a connection speaks shows in its first bytes.
  const grpcSockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    grpcSockets.push(socket);
    socket.on('error', () => {});
    socket.once('readable', () => {
      const first = (socket.read() as Buffer | null) ?? Buffer.alloc(0);
      if (first.toString('latin1').startsWith('PRI * HTTP/2')) {
        engine.count('direct');
        socket.unshift(first);
        engine.speakGrpc(socket);
      } else {
        socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(socketPath(engine), resolve));
  try {
    await start(context);
    assert.is(observer.state().because, undefined);
    assert.is(engine.calls.get('direct'), 1);
  } finally {
    await observer.stop();
    for (const socket of grpcSockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
});

test('connecting is given up when asked to', async (context) => {
  const { engine } = context;
  engine.onUpgrade = () => {};
  await engine.listen();
  const controller = new AbortController();
  const going = connectBuildkit(engine.address, controller.signal);
  await until(() => engine.calls.get('/grpc') === 1);
  controller.abort(new NetmeterError('internal', 'enough'));
  try {
    await going;
    assert.unreachable();
  } catch (error) {
    assert.is((error as Error).message, 'enough');
  }
});

/** One message as gRPC frames it: not compressed, its length in four bytes. */
function grpcFrame(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function socketPath({ address }: FakeBuildkit): string {
  if (address.kind !== 'unix') throw new Error('not a socket');
  return address.socketPath;
}

test.run();
