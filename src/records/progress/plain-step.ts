/** One step of a plain log, as its lines tell of it. */
import type { EpochMs } from '../../units.js';
import type { PlainLine } from './plain-line.js';

export interface PlainStep {
  name: string | undefined;
  beganAt: EpochMs | undefined;
  endedAt: EpochMs | undefined;
  /** As the last DONE says; it is repeated with a longer time when a step goes on. */
  seconds: number;
  end: 'done' | 'cached' | 'canceled' | 'failed' | undefined;
  error: string | undefined;
  isPull: boolean;
  blobs: Map<string, { current: number; total: number; wasThere: boolean; at: EpochMs | undefined }>;
}

/** Shorter than what the fold takes for a look into the cache; a step that took 0.0 s took some time. */
const SHORTEST_MS = 1;
const MOST_BLOBS = 512;

export function addBlob(
  step: PlainStep,
  { id, current, total, timed, done }: Extract<PlainLine, { is: 'blob' }>,
  at: EpochMs | undefined,
): void {
  const known = step.blobs.get(id);
  if (known === undefined) {
    // What is whole at once and took no time had been there before.
    const wasThere = done && !timed;
    if (step.blobs.size < MOST_BLOBS) step.blobs.set(id, { current, total, wasThere, at });
    return;
  }
  if (current > known.current) known.at = at;
  known.current = Math.max(known.current, current);
  known.total = Math.max(known.total, total);
}

/** A step's start, and its end unless it runs. */
export function timesOf(step: PlainStep, startedAt: EpochMs): [EpochMs, EpochMs | undefined] {
  const duration = Math.max(SHORTEST_MS, step.seconds * 1000);
  if (step.end === undefined) return [step.beganAt ?? startedAt, undefined];
  if (step.end === 'cached') return [step.beganAt ?? startedAt, step.beganAt ?? startedAt];
  if (step.endedAt === undefined) return [startedAt, startedAt + duration];
  if (step.end !== 'done') return [Math.min(step.beganAt ?? step.endedAt, step.endedAt), step.endedAt];
  return [step.endedAt - duration, step.endedAt];
}

/** Text that is not the step's name. */
export function isProgress(text: string): boolean {
  return (
    /^(?:resolve \S+@|extracting |sha256:|pulling |transferring |writing |naming to |digest: |name: )/.test(
      text,
    ) || /(?: \d+\.\d+s)? done$/.test(text)
  );
}
