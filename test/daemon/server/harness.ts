/** A real server on a real socket, in a directory of its own that others may enter. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AskOptions, askDaemon } from '../../../cli/client/ask-daemon.js';
import { Answerer, type Handlers } from '../../../daemon/server/answerer.js';
import { RequestServer, type RequestServerOptions } from '../../../daemon/server/request-server.js';
import type { RequestParams, RequestType } from '../../../src/protocol/messages.js';
import { type Place, resolvePlaces } from '../../../src/protocol/paths.js';

export interface Setup {
  dir: string;
  place: Place;
  answerer: Answerer;
  server: RequestServer;
  internalErrors: unknown[];
  ask<Type extends RequestType>(
    type: Type,
    params: RequestParams[Type],
    options?: AskOptions,
  ): Promise<unknown>;
  close(): Promise<void>;
}

export function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'nm-t-'));
  chmodSync(dir, 0o755);
  return dir;
}

export async function startServer(
  always: Handlers,
  handlers: Handlers | undefined,
  overrides: Partial<RequestServerOptions> = {},
): Promise<Setup> {
  const dir = temporaryDir();
  const [place] = resolvePlaces({ env: {}, uid: 0, cwd: '/', stateDir: dir });
  const internalErrors: unknown[] = [];
  const answerer = new Answerer(always, '1.2.3', (error) => internalErrors.push(error));
  if (handlers !== undefined) answerer.admit(handlers);
  const server = new RequestServer({
    socketPath: place.socket,
    mode: 0o660,
    gid: undefined,
    daemonUid: process.getuid?.() ?? 0,
    access: { userUid: undefined, groupGid: undefined },
    answerer,
    hello: { event: 'hello', daemonVersion: '1.2.3', startedAt: '2026-01-01T00:00:00.000Z', tickMs: 1000 },
    monotonicMs: () => performance.now(),
    ...overrides,
  });
  await server.start();
  return {
    dir,
    place,
    answerer,
    server,
    internalErrors,
    ask: async (type, params, options) => (await askDaemon([place], type, params, options)).result,
    close: async () => {
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** What another user's process is told, which connects and sends what it is given on its command line. */
const STRANGER = `
const [, path, body] = process.argv;
const options = { socketPath: path, path: '/request', method: 'POST' };
const request = require('node:http').request(options, (response) => {
  response.setEncoding('utf8');
  response.on('data', (text) => process.stdout.write(text));
});
request.on('error', (error) => process.stdout.write(error.code));
request.end(body.replace('PID', process.pid));
`;

/** Sends a request, with PID in it replaced by the sender's, as somebody else: the reply's text, or the name of the error that kept it from being sent. */
export function askAs(
  uid: number,
  gid: number,
  groups: number[],
  socket: string,
  body: string,
): Promise<string> {
  const groupArgs = groups.length === 0 ? ['--clear-groups'] : ['--groups', groups.join(',')];
  const args = [
    '--reuid',
    String(uid),
    '--regid',
    String(gid),
    ...groupArgs,
    process.execPath,
    '-e',
    STRANGER,
  ];
  return run('setpriv', [...args, socket, body]);
}

function run(program: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, (error, stdout) => (error === null ? resolve(stdout) : reject(error)));
  });
}
