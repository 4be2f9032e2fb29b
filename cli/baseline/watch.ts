import type { BuildDocument, StepDocument } from '../../src/protocol/documents.js';
import type { Event } from '../../src/protocol/messages.js';
import type { Place } from '../../src/protocol/paths.js';
import { connectLive } from '../client/live-connection.js';

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

/** A mount of a step that is somebody else's cache, or that was filled before any step of this build had it. */
export function filledMount(steps: readonly StepDocument[], before: ReadonlySet<string>): string | undefined {
  const emptied = new Set(
    steps.flatMap(({ cacheMounts }) =>
      cacheMounts.filter((mount) => mount.emptyAtStart === true).map((mount) => mount.recordId),
    ),
  );
  for (const { name, cacheMounts } of steps) {
    for (const { recordId, emptyAtStart, id, target } of cacheMounts) {
      if (recordId === null) continue;
      // With `from=` it starts with the files of a stage.
      const isFilled = emptyAtStart === false && !emptied.has(recordId) && !name.includes('from=');
      if (before.has(recordId) || isFilled) return `${id ?? target} of ${name}`;
    }
  }
  return undefined;
}
