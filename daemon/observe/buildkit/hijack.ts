import { type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';
import { readBody } from '../docker/bounded-body.js';
import type { EngineAddress } from '../docker/engine-address.js';
import { connectionError, nonsense, refusal, tooSlow } from '../docker/engine-errors.js';
import { asRecord, asText } from '../docker/json-value.js';

const DEADLINE_MS = 10_000;
const MOST_ANSWER_BYTES = 64 << 10;

export interface HijackRequest {
  path: string;
  /** What the connection becomes: `h2c`, or `tcp` for an attached process. */
  protocol: string;
  /** To be sent as JSON. */
  body?: unknown;
  /** For the answer's beginning; ten seconds unless told. */
  deadlineMs?: number;
}

/**
 * Sends a POST that turns its connection into something else, and returns that connection.
 *
 * @throws not-found, permission-denied, engine-unreachable, engine-unsupported, engine-nonsense
 */
export async function hijack(
  address: EngineAddress,
  what: HijackRequest,
  signal: AbortSignal,
): Promise<Duplex> {
  const answer = await ask(address, what, signal);
  if ('socket' in answer) return answer.socket;
  const said = asText(asRecord(await jsonOf(answer.response)).message);
  throw refusal(address, what.path, answer.response.statusCode ?? 0, said);
}

/**
 * Sends a POST and returns what it is answered with; undefined when that is no JSON.
 *
 * @throws not-found, permission-denied, engine-unreachable, engine-unsupported, engine-nonsense
 */
export async function postJson(
  address: EngineAddress,
  what: Omit<HijackRequest, 'protocol'>,
  signal: AbortSignal,
): Promise<unknown> {
  const answer = await ask(address, what, signal);
  if ('socket' in answer) {
    answer.socket.destroy();
    throw nonsense(address, `it upgraded ${what.path}, which nobody asked for`);
  }
  const body = await jsonOf(answer.response);
  const status = answer.response.statusCode ?? 0;
  if (status >= 200 && status < 300) return body;
  throw refusal(address, what.path, status, asText(asRecord(body).message));
}

async function jsonOf(response: IncomingMessage): Promise<unknown> {
  try {
    return JSON.parse((await readBody(response, MOST_ANSWER_BYTES)).toString());
  } catch {
    return undefined;
  }
}

type Answer = { socket: Duplex } | { response: IncomingMessage };

function ask(
  address: EngineAddress,
  { path, protocol, body, deadlineMs = DEADLINE_MS }: Omit<HijackRequest, 'protocol'> & { protocol?: string },
  signal: AbortSignal,
): Promise<Answer> {
  const where =
    address.kind === 'unix' ? { socketPath: address.socketPath } : { host: address.host, port: address.port };
  const text = body === undefined ? '' : JSON.stringify(body);
  const headers = {
    host: 'docker',
    ...(protocol !== undefined && { connection: 'Upgrade', upgrade: protocol }),
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  };
  return new Promise<Answer>((resolve, reject) => {
    signal.throwIfAborted();
    const call = request({ ...where, method: 'POST', path, headers, agent: false });
    const abort = () => call.destroy(signal.reason);
    const timer = setTimeout(() => call.destroy(tooSlow(address, path, deadlineMs)), deadlineMs);
    const settle = (answer: Answer | undefined, error?: unknown) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      if (answer) resolve(answer);
      else reject(signal.aborted ? signal.reason : connectionError(address, error));
    };
    signal.addEventListener('abort', abort);
    call.on('upgrade', (response: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (response.statusCode !== 101) {
        socket.destroy();
        settle(undefined, nonsense(address, `it upgraded ${path} with status ${response.statusCode}`));
        return;
      }
      // The engine's first bytes may have come in the same packet as its answer.
      if (head.length > 0) socket.unshift(head);
      settle({ socket });
    });
    call.on('response', (response: IncomingMessage) => settle({ response }));
    call.on('error', (error) => settle(undefined, error));
    call.end(text);
  });
}
