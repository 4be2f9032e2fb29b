import { execFile } from 'node:child_process';
import { chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { askDaemon } from '../../../cli/client/ask-daemon.js';
import { askStopped } from '../../../cli/client/ask-stopped.js';
import { daemonProgram } from '../../../cli/client/daemon-program.js';
import { exitCodeOf, type NetmeterError } from '../../../src/errors.js';
import { placeIn } from '../../daemon/lifecycle/daemon-process.js';
import { startServer, temporaryDir } from '../../daemon/server/harness.js';

const dir = temporaryDir();
const servers: Server[] = [];

test.after(async () => {
  for (const server of servers) server.close();
  rmSync(dir, { recursive: true, force: true });
});

function failure(attempt: Promise<unknown>): Promise<NetmeterError> {
  return attempt.then(
    () => {
      throw new Error('it was answered');
    },
    (error: NetmeterError) => error,
  );
}

/** Something else that listens where a daemon should. */
async function impostor(name: string, words: string): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(words);
  });
  servers.push(server);
  const path = `${dir}/${name}.sock`;
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return path;
}

test('the first place where a daemon answers is the one', async () => {
  const setup = await startServer({}, { builds: () => ({ schema: 1, builds: [] }) });
  try {
    const places = [placeIn(`${dir}/none`), setup.place];
    const { place, result } = await askDaemon(places, 'builds', {});
    assert.is(place, setup.place);
    assert.equal(result, { schema: 1, builds: [] });
  } finally {
    await setup.close();
  }
});

test('nobody anywhere: exit code 3, and where was looked', async () => {
  writeFileSync(`${dir}/file`, '');
  const error = await failure(askDaemon([placeIn(`${dir}/none`), placeIn(`${dir}/file`)], 'builds', {}));
  assert.is(exitCodeOf(error), 3);
  assert.match(error.message, `${dir}/none/netmeter.sock or ${dir}/file/netmeter.sock`);
});

function http(body: string): string {
  return `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

test('what is JSON and no reply is not taken for one', async () => {
  const bodies = ['null', '{}', '[]', '7', '{"ok":false}', '{"ok":false,"error":{"code":7}}'];
  for (const [place, body] of bodies.entries()) {
    const socket = await impostor(`json${place}`, http(body));
    const error = await failure(askDaemon([{ ...placeIn(dir), socket }], 'builds', {}));
    assert.equal([error.code, error.message], ['internal', `what answers at ${socket} is no netmeter`], body);
  }
});

test('a later daemon says that it is one, in a code of its own even', async () => {
  for (const code of ['protocol-mismatch', 'protocol-too-old']) {
    const error = { code, message: 'the daemon (netmeter 9.0.0) speaks 2', hint: 'netmeter stop' };
    const reply = JSON.stringify({ version: 2, id: 1, ok: false, error, more: true });
    const socket = await impostor(code, http(reply));
    const told = await failure(
      askDaemon([{ ...placeIn(dir), socket }], 'report', { since: 0, timeZone: 'UTC' }),
    );
    assert.equal([told.code, told.message, told.hint], [code, error.message, error.hint]);
    assert.is(exitCodeOf(told), 1);
  }
});

test('what is no daemon is not taken for one', async () => {
  const chatter = await impostor('chatter', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello');
  const error = await failure(askDaemon([{ ...placeIn(dir), socket: chatter }], 'builds', {}));
  assert.is(error.code, 'internal');
  assert.match(error.message, 'is no netmeter');
  const mute = await impostor('mute', '');
  assert.is(
    (await failure(askDaemon([{ ...placeIn(dir), socket: mute }], 'builds', {}))).code,
    'daemon-not-running',
  );
});

test('an answer that is cut off is none; one in no protocol is of no netmeter', async () => {
  const whole = http('{"version":1,"id":1,"ok":true,"result":{}}');
  for (const [place, length] of [10, whole.length - 20, whole.length - 1].entries()) {
    const socket = await impostor(`cut${place}`, whole.slice(0, length));
    const error = await failure(askDaemon([{ ...placeIn(dir), socket }], 'builds', {}));
    assert.is(error.code, length === 10 ? 'internal' : 'daemon-not-running', String(length));
  }
  const socket = await impostor('smtp', '220 mail.example ESMTP\r\n');
  assert.is((await failure(askDaemon([{ ...placeIn(dir), socket }], 'builds', {}))).code, 'internal');
});

test('a path that is too long is told before it is tried', async () => {
  const error = await failure(askDaemon([placeIn(`/${'x'.repeat(100)}`)], 'builds', {}));
  assert.is(error.code, 'socket-path-too-long');
});

test('a stopped daemon without data', async () => {
  const program = daemonProgram(import.meta.url, process.execArgv);
  const error = await failure(askStopped([placeIn(`${dir}/none`)], program, 'builds', {}));
  assert.is(error.code, 'daemon-not-running');
});

test('the program that answers for a stopped daemon refuses strangers with exit code 3', async () => {
  const place = placeIn(`${dir}/stopped`);
  mkdirSync(place.stateDir);
  writeFileSync(place.databaseFile, '');
  chownSync(place.databaseFile, 54_321, 54_321);
  const query = fileURLToPath(new URL('../../daemon/lifecycle/fixture-query.ts', import.meta.url));
  const tsx = ['--import', import.meta.resolve('tsx')];
  const askAs = (uid: number): Promise<[number, string]> =>
    new Promise((resolve) => {
      const node = [process.execPath, ...tsx, query, '--state-dir', place.stateDir];
      const args = ['--reuid', String(uid), '--regid', String(uid), '--clear-groups', ...node];
      const child = execFile('setpriv', args, (error, stdout) => resolve([Number(error?.code ?? 0), stdout]));
      child.stdin?.end('{"version":1,"id":1,"type":"builds","params":{}}');
    });
  const [ownCode, own] = await askAs(54_321);
  assert.equal([ownCode, own], [0, '{"version":1,"id":1,"ok":true,"result":{"schema":1,"builds":[]}}\n']);
  const [strangerCode, stranger] = await askAs(54_322);
  assert.is(strangerCode, 3);
  assert.match(stranger, 'daemon-not-running');
  const program = { nodeArgs: tsx, main: '', query, doctor: '', caches: '' };
  assert.equal(await askStopped([place], program, 'builds', {}), { schema: 1, builds: [] });
  const unknown = await failure(askStopped([place], program, 'build', { ref: 'x' }));
  assert.is(unknown.code, 'usage');
});

test.run();
