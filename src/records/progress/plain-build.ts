/** One build of a plain log, gathered line by line. */

import { BuildFold } from '../../builds/fold.js';
import { MOST_STEPS } from '../../builds/limits.js';
import type { StatusUpdate } from '../../builds/status.js';
import { parseStepName } from '../../builds/step-name.js';
import type { EpochMs } from '../../units.js';
import { asRecorded } from '../recorded-build.js';
import type { RecordedBuild } from '../types.js';
import type { PlainLine } from './plain-line.js';
import { addBlob, isProgress, type PlainStep, timesOf } from './plain-step.js';

/** How a build stands: what its log says by itself, or what is known besides of its client. */
export type PlainEnd = 'told' | 'running' | 'succeeded' | 'failed' | 'canceled';

/** Words that only a step's name begins with, so that a number with another name tells of another build. */
const NAME =
  /^(?:\[|resolve image config |docker-image:\/\/|oci-layout:\/\/|exporting to |exporting cache|importing cache|load metadata |merging|copy \/)/;

export class PlainBuild {
  readonly steps = new Map<number, PlainStep>();
  engine: string | undefined;
  name: string | undefined;
  failure: string | undefined;
  dropped = 0;
  warnings = 0;
  logBytes = 0;
  firstAt: EpochMs | undefined;
  lastAt: EpochMs | undefined;
  readonly #context = new Map<string, number>();

  /** Whether this line cannot be of this build: a number with another name, or the first step anew after the end. */
  isForeign(line: PlainLine): boolean {
    if (line.is === 'begin') return this.steps.size > 0;
    if (line.is !== 'text') return false;
    const step = this.steps.get(line.step);
    if (step?.name === undefined || !NAME.test(line.text)) return false;
    if (!sameName(step.name, line.text)) return step.end !== undefined || line.text.startsWith('[');
    return line.step === 1 && step.end !== undefined && this.#hasEnded();
  }

  add(line: PlainLine, at: EpochMs | undefined): void {
    if (at !== undefined) {
      this.firstAt ??= at;
      this.lastAt = at;
    }
    if (line.is === 'begin') this.engine = line.engine;
    else if (line.is === 'failed') this.failure ??= line.message;
    else if (line.is === 'warnings') this.warnings = Math.max(this.warnings, line.count);
    else if ('step' in line) this.#addToStep(line, at);
  }

  #addToStep(line: Extract<PlainLine, { step: number }>, at: EpochMs | undefined): void {
    if (line.is === 'output') this.logBytes += line.bytes;
    // Some clients print output under number 0.
    if (line.step === 0) return;
    const step = this.#step(line.step, at);
    if (step === undefined) return;
    switch (line.is) {
      case 'text':
        this.#text(step, line.text);
        break;
      case 'done':
        step.seconds = Math.max(step.seconds, line.seconds);
        step.end = 'done';
        step.endedAt = at;
        break;
      case 'cached':
      case 'canceled':
        step.end = line.is;
        step.endedAt = at;
        break;
      case 'error':
        step.end = /(?:^|: )context canceled$/.test(line.message) ? 'canceled' : 'failed';
        step.error = line.message;
        step.endedAt = at;
        break;
      case 'warning':
        this.warnings += 1;
        break;
      case 'context':
        this.#context.set(`${line.step} ${line.what}`, line.bytes);
        break;
      case 'blob':
        addBlob(step, line, at);
    }
  }

  #step(number: number, at: EpochMs | undefined): PlainStep | undefined {
    const known = this.steps.get(number);
    if (known !== undefined) return known;
    if (this.steps.size >= MOST_STEPS) {
      this.dropped += 1;
      return undefined;
    }
    const step: PlainStep = {
      name: undefined,
      beganAt: at,
      endedAt: undefined,
      seconds: 0,
      end: undefined,
      error: undefined,
      isPull: false,
      blobs: new Map(),
    };
    this.steps.set(number, step);
    return step;
  }

  #text(step: PlainStep, text: string): void {
    const named = /^naming to (\S{1,512})/.exec(text);
    if (named !== null) this.name ??= named[1]!.replace(/^docker\.io\/(?:library\/)?/, '');
    if (/^resolve \S+@sha256:/.test(text)) step.isPull = true;
    if (step.name === undefined && !isProgress(text)) step.name = text;
  }

  #hasEnded(): boolean {
    if (this.failure !== undefined) return true;
    return [...this.steps.values()].some(
      (step) => step.end !== undefined && /^exporting to /.test(step.name ?? ''),
    );
  }

  /** @param undatedAt stands in for the time of a build without any */
  recorded(
    ref: string,
    undatedAt: EpochMs,
    { end = 'told', longestName }: { end?: PlainEnd; longestName?: number } = {},
  ): RecordedBuild {
    const dated = this.firstAt !== undefined;
    const startedAt = this.firstAt ?? undatedAt;
    const name = this.name ?? ref;
    const parsed = [...this.steps.values()].map((step) => parseStepName(step.name ?? '', true).platform);
    const fold = new BuildFold({
      ref,
      engine: this.engine ?? 'unknown',
      name,
      project: undefined,
      context: undefined,
      dockerfile: undefined,
      target: undefined,
      platforms: [...new Set(parsed.filter((platform) => platform !== undefined))].slice(0, 64),
      startedAt,
    });
    fold.apply(this.#status(startedAt, dated));
    const outcome = this.#outcome(end);
    if (outcome !== undefined) fold.finish({ at: this.lastAt ?? fold.lastAt, error: outcome.error });
    const ended = outcome !== undefined;
    return {
      build: asRecorded(fold.build(), { kind: 'plain', dated, ended }, longestName),
      cachedSteps: fold.markedCached,
      logBytes: this.logBytes,
      contextBytes: [...this.#context.values()].reduce((sum, bytes) => sum + bytes, 0),
      warnings: this.warnings,
    };
  }

  /** Undefined while it runs, and where the log stops before its end. */
  #outcome(end: PlainEnd): { error: { code: number; message: string } | undefined } | undefined {
    if (end === 'running') return undefined;
    const steps = [...this.steps.values()];
    const message = this.failure ?? steps.find((step) => step.end === 'failed')?.error;
    const canceled = { error: { code: 1, message: 'canceled' } };
    if (end === 'succeeded') return { error: undefined };
    if (end === 'canceled') return canceled;
    if (message !== undefined) return { error: { code: 2, message } };
    if (steps.some((step) => step.end === 'canceled')) return canceled;
    if (end === 'failed') return { error: { code: 2, message: 'the client ended with an error' } };
    const isWhole = steps.length > 0 && steps.every((step) => step.end !== undefined);
    return isWhole ? { error: undefined } : undefined;
  }

  #status(startedAt: EpochMs, dated: boolean): StatusUpdate {
    const update: StatusUpdate = { vertexes: [], progress: [], logs: [] };
    for (const [number, step] of this.steps) {
      const digest = `step:${number}`;
      // Without times, steps follow each other as their numbers do.
      const [from, to] = timesOf(step, dated ? startedAt : startedAt + number);
      update.vertexes.push({
        digest,
        // Whether it had inputs is not told: an ADD that fetches looks like one that copies.
        inputs: ['unknown'],
        name: step.name ?? `step #${number}`,
        cached: step.end === 'cached',
        startedAt: from,
        completedAt: to,
        error: step.end === 'canceled' ? 'context canceled' : step.error,
      });
      const at = { at: undefined, startedAt: from, completedAt: to ?? from };
      if (step.isPull)
        update.progress.push({ vertex: digest, id: 'resolve image', current: 0, total: 0, ...at });
      for (const [id, { current, total, wasThere, at: toldAt }] of step.blobs) {
        const last = Math.min(to ?? Number.POSITIVE_INFINITY, Math.max(from, toldAt ?? to ?? from));
        const completedAt = wasThere ? from - 1 : last;
        update.progress.push({
          vertex: digest,
          id,
          current,
          total,
          at: undefined,
          startedAt: from,
          completedAt,
        });
      }
    }
    return update;
  }
}

/** Old clients cut names off with three dots, not always at the same place. */
function sameName(one: string, other: string): boolean {
  if (one === other) return true;
  const [a, b] = [one, other].map((name) => (name.endsWith('...') ? name.slice(0, -3) : name)) as [
    string,
    string,
  ];
  const isCut = a !== one || b !== other;
  return isCut && (a.startsWith(b) || b.startsWith(a));
}
