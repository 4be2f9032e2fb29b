/** What the far side did not send, held against what netmeter says was saved. */
import * as assert from 'uvu/assert';
import type {
  BuildShowDocument,
  SavingCause,
  SavingDocument,
  StepDocument,
} from '../../../src/protocol/documents.js';
import { receivedOverTcp } from '../exactness/expectations.js';
import { docker, lab, originPath } from '../harness/index.js';

/** What the origin sent for these paths, on the wire. */
export async function sentFor(paths: readonly string[]): Promise<number> {
  const counts = await Promise.all(paths.map(originPath));
  return counts.reduce((sum, count) => sum + receivedOverTcp(count), 0);
}

/** A RUN that downloads each path of a list that is not in its cache mount yet, as a package manager would. */
export function installer(mount: string): string {
  const get = `wget -q -O "/c/$name.part" "${lab().origin}$path" && mv "/c/$name.part" "/c/$name"`;
  return (
    `RUN --mount=type=cache,target=/c${mount} set -e; while read -r path; do name=$(echo "$path" | tr / _); ` +
    `[ -e "/c/$name" ] || { ${get}; }; done < /list`
  );
}

export function savingOf(step: StepDocument, cause: SavingCause): SavingDocument {
  const found = step.savings?.find((saving) => saving.cause === cause);
  if (found === undefined)
    throw new Error(`${step.name} saved nothing by ${cause}: ${JSON.stringify(step.savings)}`);
  return found;
}

/** `cold - used = saved + residual`, for the build and for every step of which all is known. */
export function assertBalances({ build, steps }: BuildShowDocument): void {
  assert.ok(build.saved !== null && build.coldBytes !== null && build.wan.rxBytes !== null);
  const used = build.wan.rxBytes + build.wan.txBytes;
  assert.is(build.coldBytes - used, build.saved.bytes + build.saved.residualBytes, 'the build');
  for (const step of steps) {
    if (step.coldBytes === null || step.savings === null || step.wan.rxBytes === null) continue;
    const saved = step.savings.reduce((sum, { bytes }) => sum + bytes, 0);
    const moved = step.wan.rxBytes + step.wan.txBytes;
    assert.is(step.coldBytes - moved, saved + (step.residualBytes ?? 0), step.name);
  }
}

/** Removes the cache mounts that a step had. */
export async function removeCaches(step: StepDocument): Promise<void> {
  for (const { recordId } of step.cacheMounts) {
    if (recordId === null) continue;
    await docker('28', ['builder', 'prune', '-af', '--filter', `id=${recordId}`], { anyExit: true });
  }
}
