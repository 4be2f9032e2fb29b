import type { StepDocument } from '../protocol/documents.js';
import type { BuildView, CacheView } from './types.js';

/** The cache mounts that builds used, as far as their steps are known, those in use first. */
export function cachesOf(builds: readonly BuildView[]): CacheView[] {
  const caches = new Map<string, CacheView>();
  const oldestFirst = builds.toSorted((a, b) =>
    (a.document.startedAt ?? '') < (b.document.startedAt ?? '') ? -1 : 1,
  );
  for (const { steps = [] } of oldestFirst) {
    for (const { document: step } of steps) {
      if (step.status === 'cached' || step.status === 'shared') continue;
      for (const mount of step.cacheMounts) addUse(caches, step, mount);
    }
  }
  return [...caches.values()].sort(
    (a, b) => Number(b.inUse) - Number(a.inUse) || ((a.lastUsedAt ?? '') < (b.lastUsedAt ?? '') ? 1 : -1),
  );
}

function addUse(
  caches: Map<string, CacheView>,
  step: StepDocument,
  mount: StepDocument['cacheMounts'][number],
) {
  const id = mount.id ?? mount.target;
  const known = caches.get(id) ?? {
    id,
    targets: [],
    steps: [],
    emptyAtStart: null,
    sizeBytes: null,
    savedBytes: null,
    inUse: false,
    lastUsedAt: null,
  };
  caches.set(id, {
    id,
    targets: withOne(known.targets, mount.target),
    steps: withOne(known.steps, step.name),
    emptyAtStart: mount.emptyAtStart,
    sizeBytes: mount.bytesAfter ?? mount.bytesBefore ?? known.sizeBytes,
    savedBytes: added(known.savedBytes, savedByMounts(step)),
    inUse: known.inUse || step.status === 'running',
    lastUsedAt: step.completedAt ?? step.startedAt ?? known.lastUsedAt,
  });
}

/** What a step's mounts saved goes to the only one it has; with several nobody can tell which. */
function savedByMounts(step: StepDocument): number | null {
  if (step.savings === null || step.cacheMounts.length > 1) return null;
  return step.savings.reduce((sum, { cause, bytes }) => sum + (cause === 'cache-mount' ? bytes : 0), 0);
}

function added(a: number | null, b: number | null): number | null {
  if (a === null) return b;
  return b === null ? a : a + b;
}

function withOne(all: string[], one: string): string[] {
  return all.includes(one) ? all : [...all, one];
}
