import type { BuildDocument, StepDocument } from '../../src/protocol/documents.js';
import type { Event } from '../../src/protocol/messages.js';
import type { Place } from '../../src/protocol/paths.js';
import { connectLive } from '../client/live-connection.js';

type MountDocument = StepDocument['cacheMounts'][number];

export interface Watch {
  /** The build's, once the daemon has seen it. */
  ref(): string | undefined;
  /** The step whose mount was not empty. */
  trouble(): string | undefined;
  close(): void;
}

/**
 * Follows the build that has this namespace, through the daemon's events.
 *
 * @param before record ids of all caches before it: it may have none of them
 * @param onTrouble called once, when a mount turns out not to be empty
 */
export async function watchBuild(
  places: readonly Place[],
  name: string,
  before: ReadonlySet<string>,
  onTrouble: () => void,
): Promise<Watch> {
  let ref: string | undefined;
  let trouble: string | undefined;
  const onEvent = (event: Event): void => {
    if (event.event !== 'build' || !isOurs(event.build, name)) return;
    ref = event.build.ref;
    if (trouble !== undefined) return;
    trouble = filledMount(event.steps, before);
    if (trouble !== undefined) onTrouble();
  };
  const live = await connectLive(places, onEvent);
  await live.ask('subscribe', {});
  return { ref: () => ref, trouble: () => trouble, close: () => live.close() };
}

function isOurs({ cacheNamespace }: BuildDocument, name: string): boolean {
  return cacheNamespace === name;
}

/**
 * A mount of a step that is somebody else's cache, or that was filled before any step of this build had it. What an
 * earlier step of this build put there was fetched by it, and cold builds have that, too.
 *
 * @param before record ids of all caches before the build
 * @returns mount and step, for people
 */
export function filledMount(steps: readonly StepDocument[], before: ReadonlySet<string>): string | undefined {
  const filledByOthers = (step: StepDocument, { recordId, emptyAtStart }: MountDocument) => {
    if (recordId === null || emptyAtStart !== false || beginsFilled(step)) return false;
    return !steps.some((other) => other.digest !== step.digest && mayHaveFilled(other, recordId));
  };
  for (const step of steps) {
    const mount = step.cacheMounts.find(
      (each) => (each.recordId !== null && before.has(each.recordId)) || filledByOthers(step, each),
    );
    if (mount !== undefined) return `${mount.id ?? mount.target} of ${step.name}`;
  }
  return undefined;
}

/** It found the cache empty, or nobody saw in time what it found: then the cache is not known to be another's. */
function mayHaveFilled({ cacheMounts }: StepDocument, recordId: string): boolean {
  return cacheMounts.some((mount) => mount.recordId === recordId && mount.emptyAtStart !== false);
}

/** With `from=` a cache mount begins with the files of a stage or an image. */
function beginsFilled({ name }: StepDocument): boolean {
  const mounts = name.match(/--mount=\S+/g) ?? [];
  return mounts.some((mount) => /[=,"']type=cache\b/.test(mount) && /[=,"']from=/.test(mount));
}
