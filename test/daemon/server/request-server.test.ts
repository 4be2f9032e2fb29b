import { request } from 'node:http';
import { connect } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { NetmeterError } from '../../../src/errors.js';
import type { BuildsDocument } from '../../../src/protocol/documents.js';
import { MAX_REQUEST_BYTES, type Reply } from '../../../src/protocol/messages.js';
import { type Setup, startServer } from './harness.js';

const builds: BuildsDocument = { schema: 1, builds: [] };
let setup: Setup | undefined;

test.after.each(async () => {
  await setup?.close();
  setup = undefined;
});

interface RawAnswer {
  status: number;
  reply: Reply;
}

function send(socketPath: string, method: string, path: string, body: Buffer | string): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, reply: JSON.parse(text) as Reply }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function codeOf({ reply }: RawAnswer): string {
  return reply.ok ? 'ok' : reply.error.code;
}

test('a question gets its answer, and the handler who asked', async () => {
  const seen: unknown[] = [];
  setup = await startServer(
    {},
    {
      builds: (params, { peer }) => {
        seen.push(params, peer.pid, peer.uid);
        return builds;
      },
    },
  );
  assert.equal(await setup.ask('builds', { limit: 2 }), builds);
  assert.equal(seen, [{ limit: 2 }, process.pid, process.getuid?.()]);
});

test('an error of a handler reaches the client with its code and hint', async () => {
  setup = await startServer(
    {},
    {
      build: () => {
        throw new NetmeterError('not-found', 'no such build', { hint: 'netmeter builds' });
      },
    },
  );
  try {
    await setup.ask('build', { ref: 'x' });
    assert.unreachable();
  } catch (error) {
    assert.instance(error, NetmeterError);
    assert.equal(
      [(error as NetmeterError).code, (error as NetmeterError).hint],
      ['not-found', 'netmeter builds'],
    );
  }
  assert.equal(setup.internalErrors, []);
});

test('a bug in a handler is told as internal, and reported here', async () => {
  setup = await startServer(
    {},
    {
      builds: () => {
        throw new TypeError('oops');
      },
    },
  );
  const answer = await send(
    setup.place.socket,
    'POST',
    '/request',
    '{"version":1,"id":5,"type":"builds","params":{}}',
  );
  assert.is(answer.status, 500);
  assert.is(codeOf(answer), 'internal');
  assert.is(answer.reply.id, 5);
  assert.is(setup.internalErrors.length, 1);
});

test('what is no request is refused without harm', async () => {
  setup = await startServer({}, { builds: () => builds });
  const { socket } = setup.place;
  for (const [body, status, code] of [
    ['', 400, 'usage'],
    ['{}', 400, 'usage'],
    ['{"version":2,"id":1,"type":"builds","params":{}}', 409, 'protocol-mismatch'],
    ['{"version":1,"id":1,"type":"shutdown","params":{}}', 400, 'usage'],
    ['{"version":1,"id":1,"type":"status","params":{}}', 400, 'usage'],
  ] as const) {
    const answer = await send(socket, 'POST', '/request', body);
    assert.equal([answer.status, codeOf(answer)], [status, code], body);
  }
  assert.is(codeOf(await send(socket, 'GET', '/request', '')), 'usage');
  assert.is(codeOf(await send(socket, 'POST', '/elsewhere', '{}')), 'usage');
  assert.equal(await setup.ask('builds', {}), builds);
});

test('a body over the limit is refused before it is read to its end, one at the limit is not', async () => {
  setup = await startServer(
    {},
    { 'run-begin': () => ({ runId: 'r', cgroupPath: '/', startedAt: '', wantsProgress: false }) },
  );
  const around = JSON.stringify({ version: 1, id: 1, type: 'run-begin', params: { pid: 1, command: [''] } });
  const fill = (bytes: number): string => around.replace('""', `"${'x'.repeat(bytes - around.length)}"`);
  const { socket } = setup.place;
  assert.is(codeOf(await send(socket, 'POST', '/request', fill(MAX_REQUEST_BYTES))), 'ok');
  assert.is(codeOf(await send(socket, 'POST', '/request', fill(MAX_REQUEST_BYTES + 1))), 'usage');
});

test('a body without an end is cut off', async () => {
  setup = await startServer({}, {});
  const endless = connect(setup.place.socket);
  endless.on('error', () => {});
  const closed = new Promise((resolve) => endless.once('close', resolve));
  endless.write('POST /request HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n');
  const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000, 0x20), Buffer.from('\r\n')]);
  const writeOn = (): void => {
    endless.write(chunk, (error) => {
      if (!error) writeOn();
    });
  };
  writeOn();
  await closed;
  assert.ok(endless.bytesWritten < 4 * MAX_REQUEST_BYTES, `${endless.bytesWritten} bytes were taken`);
});

test('questions that come while the daemon starts wait, others do not', async () => {
  setup = await startServer({ stop: () => ({ pid: 1, problems: [] }) }, undefined);
  const early = setup.ask('builds', {});
  assert.equal(await setup.ask('stop', {}), { pid: 1, problems: [] });
  setup.answerer.admit({ builds: () => builds });
  assert.equal(await early, builds);
});

test('questions that wait are told when there will be no answer', async () => {
  setup = await startServer({ stop: () => ({ pid: 1, problems: [] }) }, undefined);
  const early = setup.ask('builds', {}).catch((error: NetmeterError) => error.message);
  await setup.ask('stop', {});
  setup.answerer.close(new NetmeterError('daemon-not-running', 'stopping'));
  assert.is(await early, 'stopping');
  assert.is(await setup.ask('builds', {}).catch((error: NetmeterError) => error.code), 'daemon-not-running');
  assert.equal(await setup.ask('stop', {}), { pid: 1, problems: [] });
});

test('a handler hears when its client goes away', async () => {
  let heard: (reason: unknown) => void = () => {};
  const gone = new Promise((resolve) => {
    heard = resolve;
  });
  const aborter = new AbortController();
  setup = await startServer(
    {},
    {
      builds: (_, { signal }) => {
        signal.addEventListener('abort', () => heard(signal.reason));
        aborter.abort();
        return new Promise<never>(() => {});
      },
    },
  );
  await setup.ask('builds', {}, { signal: aborter.signal }).catch(() => {});
  assert.instance(await gone, Error);
});

test('fifty clients at once all get their own answer', async () => {
  setup = await startServer(
    {},
    {
      build: async ({ ref }) => ({ schema: 1, build: { ref }, steps: [] }) as never,
    },
  );
  const { ask } = setup;
  const refs = Array.from({ length: 50 }, (_, index) => `ref-${index}`);
  const answers = await Promise.all(refs.map((ref) => ask('build', { ref })));
  assert.equal(
    answers.map((answer) => (answer as { build: { ref: string } }).build.ref),
    refs,
  );
});

test('an answer under way is still read when the server stops', async () => {
  let finish: () => void = () => {};
  const begun = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const text = 'x'.repeat(4_000_000);
  setup = await startServer(
    {
      logs: async () => {
        finish();
        return { lines: [text], cursor: '' };
      },
    },
    {},
  );
  const answer = setup.ask('logs', {});
  await begun;
  await setup.server.stop();
  assert.equal(await answer, { lines: [text], cursor: '' });
});

test('a daemon that says nothing is stuck, not gone', async () => {
  setup = await startServer({}, { builds: () => new Promise<never>(() => {}) });
  const error = await setup.ask('builds', {}, { timeoutMs: 50 }).catch((caught: NetmeterError) => caught);
  assert.is((error as NetmeterError).code, 'daemon-stuck');
});

test.run();
