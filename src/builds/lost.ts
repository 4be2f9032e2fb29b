import type { Build, Step } from './types.js';

/** A build that was known while it ran, and of which nothing will come any more: it ended when last heard of. */
export function lostBuild(build: Build, because: string): Build {
  const times = build.steps.flatMap((step) =>
    step.intervals.map(({ startedAt, completedAt }) => completedAt ?? startedAt),
  );
  const at = Math.max(build.startedAt, ...times);
  const steps = build.steps.map((step): Step => {
    if (step.status !== 'running' && step.status !== 'pending') return step;
    const intervals = step.intervals.map((interval) => ({
      ...interval,
      completedAt: interval.completedAt ?? at,
    }));
    return { ...step, status: 'canceled', intervals };
  });
  return { ...build, status: 'canceled', error: because, completedAt: at, steps };
}
