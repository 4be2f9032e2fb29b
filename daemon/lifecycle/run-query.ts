import type { Readable, Writable } from 'node:stream';
import { exitCodeOf, NetmeterError } from '../../src/errors.js';
import { type Place, resolvePlaces } from '../../src/protocol/paths.js';
import { type Answer, Answerer, failed, type Handlers } from '../server/answerer.js';
import { parseSettings } from './settings.js';
import { ownerUid } from './state-dir.js';

export interface QueryHost {
  /** Without runtime and script. */
  argv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  pid: number;
  uid: number;
  gid: number;
  version: string;
  input: Readable;
  output: Writable;
}

/** The handlers that work without a daemon, on a database opened for reading. */
export interface OpenAnswers {
  handlers: Handlers;
  close(): Promise<void>;
}

/**
 * Answers one Request from the database of a stopped daemon, for the user that owns it, and for root.
 * @returns the exit code that fits the Reply it wrote
 */
export async function runQuery(
  host: QueryHost,
  openAnswers: (place: Place) => Promise<OpenAnswers>,
): Promise<number> {
  let exitCode = 0;
  let answer: Answer;
  try {
    const settings = parseSettings(host.argv);
    const [place] = resolvePlaces({ ...host, stateDir: settings.stateDir, socket: settings.socket });
    refuseStrangers(place, host.uid);
    const text = await readAll(host.input);
    const answers = await openAnswers(place);
    try {
      answer = await answerWith(answers.handlers, text, host);
    } finally {
      await answers.close();
    }
  } catch (error) {
    exitCode = exitCodeOf(error);
    answer = failed(0, error);
  }
  await new Promise((resolve) => host.output.write(`${answer.text}\n`, resolve));
  return exitCode;
}

function refuseStrangers(place: Place, uid: number): void {
  const owner = ownerUid(place.databaseFile);
  if (owner !== undefined && (owner === uid || uid === 0)) return;
  const why = owner === undefined ? 'and has left no data' : 'and its data is not yours to read without it';
  throw new NetmeterError('daemon-not-running', `netmeter is not running, ${why} (${place.databaseFile})`, {
    hint: 'Start it: sudo netmeter start',
  });
}

function answerWith(
  handlers: Handlers,
  text: string,
  { uid, gid, pid, version }: QueryHost,
): Promise<Answer> {
  const answerer = new Answerer(handlers, version);
  answerer.admit({});
  const signal = new AbortController().signal;
  return answerer.answer(text, { peer: { uid, gid, pid, groups: [] }, signal, subscribe: undefined });
}

async function readAll(input: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of input as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
