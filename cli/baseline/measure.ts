import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { baselineDocument } from '../../src/baseline/document.js';
import { NetmeterError } from '../../src/errors.js';
import type { BaselineDocument, BuildShowDocument } from '../../src/protocol/documents.js';
import { ask, placesOf } from '../ask.js';
import { removeRecords } from '../caches/ask-caches.js';
import type { GlobalOptions } from '../command.js';
import { type ClientRun, clientError, DockerClient } from '../docker/client.js';
import type { Io } from '../io.js';
import { baselineWords } from './arguments.js';
import { dockerfileFor } from './dockerfile.js';
import { removePrivate } from './private-records.js';
import { type Watch, watchBuild } from './watch.js';

const KNOWN_WITHIN_MS = 15_000;
/** Longer than a tick: what moved in the last one is known by the next look. */
const LOOK_MS = 1500;
const MOST_BUILDS = 100;

export interface Measured {
  document: BaselineDocument;
  /** What could not be removed. */
  leftRecords: string[];
}

/**
 * Builds cold, without touching what is the user's, and says what each step cost.
 *
 * @throws NetmeterError `baseline-not-cold`, `docker-failed`, and what the daemon answers
 */
export async function measureBaseline(
  words: readonly string[],
  io: Io,
  options: GlobalOptions,
): Promise<Measured> {
  const name = `netmeter-${randomBytes(8).toString('hex')}`;
  const startedAt = io.now();
  const file = await dockerfileFor(words, io.cwd, name);
  // What has to be done after Control-C is done all the same.
  const after: Io = { ...io, signal: new AbortController().signal };
  const records = async () => (await ask('cache-records', {}, after, options)).records;
  const before = new Set((await records()).map(({ recordId }) => recordId));
  const stop = new AbortController();
  const watch = await watchBuild(placesOf(io, options), name, before, () => stop.abort());
  let leftRecords: string[] = [];
  let shown: BuildShowDocument | undefined;
  let ran: ClientRun;
  try {
    ran = await runBuild(baselineWords(words, { name, file: file.path }), stop, io, options);
    const ref = watch.ref();
    if (ref !== undefined && ran.exitCode === 0) shown = await settled(ref, after, options);
  } finally {
    const isAlone = await ranAlone(name, startedAt, after, options).catch(() => false);
    const left = await removePrivate({ before, name, isAlone }, records, (ids) =>
      removeRecords(ids, after, options),
    );
    leftRecords = left.map(({ recordId }) => recordId);
    watch.close();
    await file.remove();
  }
  return { document: baselineDocument(orFail(shown, ran, watch, io), name), leftRecords };
}

async function runBuild(
  words: readonly string[],
  stop: AbortController,
  io: Io,
  options: GlobalOptions,
): Promise<ClientRun> {
  const signal = AbortSignal.any([stop.signal, io.signal]);
  const showProgress = io.stderr.isTerminal && options.json !== true;
  return new DockerClient(io, options).build(words, { signal, showProgress });
}

function orFail(
  shown: BuildShowDocument | undefined,
  ran: ClientRun,
  watch: Watch,
  io: Io,
): BuildShowDocument {
  const trouble = watch.trouble();
  if (trouble !== undefined) {
    throw new NetmeterError(
      'baseline-not-cold',
      `the cache mount ${trouble} was not empty: the build was stopped`,
      {
        hint: 'its frontend ignores BUILDKIT_CACHE_MOUNT_NS: use a newer `# syntax=` line, or none',
      },
    );
  }
  if (io.signal.aborted) throw new NetmeterError('docker-failed', 'the build was stopped');
  if (ran.exitCode !== 0) throw clientError(['build'], ran);
  if (shown !== undefined) return shown;
  throw new NetmeterError('not-found', 'the daemon did not see the build', {
    hint: 'it watches another engine, or an engine without build history: netmeter status',
  });
}

/** The build once it is known which process ran each step, and what the engine fetched for it is given to its steps. */
async function settled(ref: string, io: Io, options: GlobalOptions): Promise<BuildShowDocument> {
  const until = io.now() + KNOWN_WITHIN_MS;
  let before = '';
  for (;;) {
    const shown = await ask('build', { ref }, io, options);
    const bytes = JSON.stringify(shown.steps.map(({ wan }) => wan));
    const isSteady = bytes === before;
    before = bytes;
    const isOpen = shown.steps.some(
      ({ kind, status, attribution }) =>
        kind === 'run' && (status === 'running' || (status === 'done' && attribution === 'unattributed')),
    );
    if ((!isOpen && isSteady && shown.build.status !== 'running') || io.now() > until) return shown;
    await sleep(LOOK_MS);
  }
}

async function ranAlone(name: string, startedAt: number, io: Io, options: GlobalOptions): Promise<boolean> {
  const { builds } = await ask('builds', { limit: MOST_BUILDS }, io, options);
  return builds.every(
    (build) =>
      build.cacheNamespace === name ||
      (build.completedAt !== null && Date.parse(build.completedAt) < startedAt) ||
      build.imported !== null,
  );
}
