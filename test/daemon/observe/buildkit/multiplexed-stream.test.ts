import { PassThrough } from 'node:stream';
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MultiplexedStream } from '../../../../daemon/observe/buildkit/multiplexed-stream.js';

function frame(stream: number, payload: Buffer): Buffer {
  const head = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(payload.length, 4);
  return Buffer.concat([head, payload]);
}

async function readAll(stream: MultiplexedStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

test('what was written comes out, wherever the frames are cut', async () => {
  const frames = fc.array(
    fc.tuple(
      fc.constantFrom(1, 1, 2),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    ),
    { maxLength: 20 },
  );
  await fc.assert(
    fc.asyncProperty(frames, fc.array(fc.integer({ min: 1, max: 50 })), async (written, cuts) => {
      const socket = new PassThrough();
      const stream = new MultiplexedStream(socket);
      const read = readAll(stream);
      let wire = Buffer.concat(written.map(([to, payload]) => frame(to, payload)));
      for (const cut of cuts) {
        socket.write(wire.subarray(0, cut));
        wire = wire.subarray(cut);
      }
      socket.end(wire);
      const stdout = written.filter(([to]) => to === 1).map(([, payload]) => payload);
      assert.equal(await read, Buffer.concat(stdout));
    }),
  );
});

test('what is written goes to the other side as it is', async () => {
  const socket = new PassThrough();
  const stream = new MultiplexedStream(socket);
  const heard = new Promise((resolve) => socket.once('data', resolve));
  stream.write('PRI * HTTP/2.0');
  assert.is(String(await heard), 'PRI * HTTP/2.0');
  stream.destroy();
  assert.ok(socket.destroyed);
});

test('standard error is kept apart, and not without end', async () => {
  const socket = new PassThrough();
  const stream = new MultiplexedStream(socket);
  const read = readAll(stream);
  for (let i = 0; i < 99; i++) socket.write(frame(2, Buffer.from('no such file ')));
  socket.end();
  assert.is((await read).length, 0);
  assert.match(stream.stderr, /^no such file/);
  assert.ok(stream.stderr.length <= 1024);
});

test('a slow reader holds the other side back', async () => {
  const socket = new PassThrough({ highWaterMark: 1 << 10 });
  const stream = new MultiplexedStream(socket);
  let refused = 0;
  for (let i = 0; i < 100; i++) if (!socket.write(frame(1, Buffer.alloc(10_000)))) refused += 1;
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(refused > 0);
  assert.ok(stream.readableLength < 200_000, `${stream.readableLength}`);
  const read = readAll(stream);
  socket.end();
  assert.is((await read).length, 1_000_000);
});

test('the end of a connection is the end of the stream', async () => {
  const socket = new PassThrough();
  const stream = new MultiplexedStream(socket);
  stream.on('error', () => {});
  const closed = new Promise((resolve) => stream.once('close', resolve));
  socket.destroy(new Error('reset'));
  await closed;
  assert.ok(stream.destroyed);
});

test.run();
