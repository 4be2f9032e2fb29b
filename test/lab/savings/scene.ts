/** Builds whose downloads the far side counts, and what netmeter says that they saved. */
import { randomUUID } from 'node:crypto';
import * as assert from 'uvu/assert';
import type { BuildShowDocument, BuildsDocument, StepDocument } from '../../../src/protocol/documents.js';
import { stepNamed } from '../exactness/documents.js';
import { build, type Cleanup, docker, eventually, type Netmeter } from '../harness/index.js';

export const MB = 1_000_000;

/** A name for an image that nobody has used. */
export function freshTag(label: string): string {
  return `savings-${label}-${randomUUID().slice(0, 13)}`;
}

export interface SavingBuild {
  dockerfile: string;
  tag: string;
  flags?: readonly string[];
  args?: Readonly<Record<string, string>>;
  files?: Readonly<Record<string, string | Buffer>>;
  /** The build is meant to fail. */
  fails?: boolean;
}

/**
 * Builds on Engine 28 and waits until netmeter knows all that it will ever know of it. `cleanup` removes the image
 * and the cache mounts.
 */
export async function buildAndLook(
  netmeter: Netmeter,
  cleanup: Cleanup,
  { dockerfile, tag, flags = [], args = {}, files = {}, fails = false }: SavingBuild,
): Promise<BuildShowDocument> {
  cleanup.defer(() => docker('28', ['rmi', '-f', tag], { anyExit: true }));
  const before = new Set((await netmeter.json<BuildsDocument>(['builds'])).builds.map(({ ref }) => ref));
  const words = ['-t', tag, ...flags];
  const { exitCode } = await build({ engine: '28', dockerfile, flags: words, args, files, anyExit: fails });
  assert.is(exitCode !== 0, fails, `exit code ${exitCode}`);
  const shown = await settled(netmeter, tag, before);
  const records = shown.steps.flatMap((step) => step.cacheMounts.map((mount) => mount.recordId));
  cleanup.defer(() => removeCaches(records.filter((id) => id !== null)));
  return shown;
}

/** Removes cache mounts by the ids of their records, those in use and those that are gone aside. */
export async function removeCaches(recordIds: readonly string[]): Promise<void> {
  const prune = (id: string) =>
    docker('28', ['builder', 'prune', '-af', '--filter', `id=${id}`], { anyExit: true });
  await Promise.all([...new Set(recordIds)].map(prune));
}

/**
 * The build once it is over, its steps have their processes, and the ledger has been written for it: some ticks
 * later, or never where nobody can know what it saved.
 */
function settled(netmeter: Netmeter, tag: string, before: ReadonlySet<string>): Promise<BuildShowDocument> {
  let decidedAt: number | undefined;
  return eventually(`build ${tag} to be in the ledger`, 60_000, async () => {
    const { builds } = await netmeter.json<BuildsDocument>(['builds']);
    const found = builds.find(
      ({ ref, name, status }) => name === tag && status !== 'running' && !before.has(ref),
    );
    if (found === undefined) return undefined;
    const shown = await netmeter.json<BuildShowDocument>(['build', 'show', found.ref]);
    if (shown.steps.some(isUndecided)) return undefined;
    decidedAt ??= Date.now();
    return Date.now() - decidedAt > PATIENCE_MS || !shown.steps.some(isUnknown) ? shown : undefined;
  });
}

/**
 * A build is recorded within a few ticks of its end, after those before it; one that ended as netmeter started, with
 * bytes that are not known, keeps them waiting for 15 s.
 */
const PATIENCE_MS = 20_000;

function isUnknown({ kind, status, savings }: StepDocument): boolean {
  return kind === 'run' && (status === 'done' || status === 'cached') && savings === null;
}

function isUndecided({ kind, status, attribution }: StepDocument): boolean {
  return kind === 'run' && status !== 'cached' && status !== 'shared' && attribution !== 'exact';
}

export function saving(step: StepDocument, cause: string) {
  return step.savings?.find((each) => each.cause === cause);
}

/** Received and sent. */
export function moved({ wan, name }: StepDocument): number {
  if (wan.rxBytes === null || wan.txBytes === null) throw new Error(`the bytes of ${name} are not known`);
  return wan.rxBytes + wan.txBytes;
}

/** What a step says that it saved by a cause, against what the far side did not send. */
export function assertSaved(step: StepDocument, cause: string, truth: number): void {
  const said = saving(step, cause);
  const text = `${step.name}: ${JSON.stringify(step.savings)}, in truth ${truth}`;
  assert.ok(said, text);
  if (said.basis === 'measured') {
    assert.ok(Math.abs(said.bytes - truth) <= truth / 100, text);
  } else {
    assert.ok(said.lowBytes <= truth * 1.01 && said.highBytes >= truth * 0.99, text);
  }
}

/** A proxy that had to fetch all that it gave: what it saved is measured, and next to nothing of that. */
export function assertSavedNothing(step: StepDocument, cause: string, given: number): void {
  const said = saving(step, cause);
  const text = `${step.name}: ${JSON.stringify(step.savings)}, of ${given}`;
  assert.ok(said?.basis === 'measured' && Math.abs(said.bytes) <= given / 100, text);
}

/** The one step of a build that has a cache mount and that text in its name. */
export function cachingStep(shown: BuildShowDocument, text: string): StepDocument {
  const step = stepNamed(shown, text);
  assert.ok(step.cacheMounts.length > 0, `${step.name} has no cache mount`);
  return step;
}
