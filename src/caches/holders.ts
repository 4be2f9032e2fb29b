import type { Build, Execution } from '../builds/types.js';
import type { Holder } from './types.js';

/** Which caches are mounted right now, by record, and by which step. */
export function holdersOf(executions: readonly Execution[], builds: readonly Build[]): Map<string, Holder> {
  const steps = new Map(
    builds.flatMap((build) =>
      build.steps.flatMap((step) =>
        step.executorIds.map((id): [string, Holder] => [id, { step: step.name, ref: build.ref }]),
      ),
    ),
  );
  const holders = new Map<string, Holder>();
  for (const { id, args, mounts } of executions) {
    const holder = steps.get(id) ?? { step: `RUN ${commandOf(args)}`, ref: undefined };
    for (const { cacheId, snapshotId } of mounts) {
      if (cacheId !== undefined && snapshotId !== undefined) holders.set(snapshotId, holder);
    }
  }
  return holders;
}

/** Without the shell around it. */
function commandOf(args: readonly string[]): string {
  return args.length === 3 && args[1] === '-c' ? (args[2] ?? '') : args.join(' ');
}
