/** Answers one request about the engine's caches, see src/caches/helper.ts. */
import { homedir } from 'node:os';
import type { CacheReply, CacheRequest } from '../src/caches/helper.js';
import { exitCodeOf } from '../src/errors.js';
import { toWireError } from '../src/protocol/wire-error.js';
import { serve } from './caches/serve.js';
import { parseSettings } from './lifecycle/settings.js';
import { resolveEngine } from './observe/docker/engine-address.js';

const { dockerHost } = parseSettings(process.argv.slice(2));
const chunks: Buffer[] = [];
for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
let reply: CacheReply;
try {
  const address = resolveEngine({ dockerHost, env: process.env, homeDir: homedir() });
  const request = JSON.parse(Buffer.concat(chunks).toString('utf8')) as CacheRequest;
  const ended = new AbortController();
  process.once('SIGTERM', () => ended.abort());
  reply = { ok: true, result: await serve(address, request, ended.signal) };
} catch (error) {
  process.exitCode = exitCodeOf(error);
  reply = { ok: false, error: toWireError(error) };
}
process.stdout.write(`${JSON.stringify(reply)}\n`);
