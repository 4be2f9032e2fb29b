/** The parts of netmeter's JSON documents that these tests read. */
import type {
  BuildShowDocument,
  BuildsDocument,
  StatusDocument,
  StepDocument,
} from '../../../src/protocol/documents.js';
import { eventually, type Netmeter } from '../harness/index.js';

export function status(netmeter: Netmeter, since?: string): Promise<StatusDocument> {
  return netmeter.json<StatusDocument>(since === undefined ? ['status'] : ['status', '--since', since]);
}

/** Packets that came after their connections ended have no owner for some two seconds (docs/decisions/0006). */
const LATE_MS = 3000;

/** The status once nothing that has no owner yet is going to get one. */
export async function settledStatus(netmeter: Netmeter, since?: string): Promise<StatusDocument> {
  let [before, unchangedSince] = ['', Date.now()];
  return eventually('late packets to have their owners', 30_000, async () => {
    const document = await status(netmeter, since);
    const missing = document.links.map(({ reconciliation }) => {
      return (reconciliation?.linkPackets ?? 0) - (reconciliation?.attributedPackets ?? 0);
    });
    if (String(missing) !== before) [before, unchangedSince] = [String(missing), Date.now()];
    return Date.now() - unchangedSince > LATE_MS ? document : undefined;
  });
}

/** How sure the owner of a step's bytes has to be; `none` for steps that ran before anything was counted. */
type Sureness = 'exact' | 'inferred' | 'none';

/**
 * The build of that image tag once it is over and every RUN step that ran has its process.
 * @param least how sure that has to be
 */
export async function finishedBuild(
  netmeter: Netmeter,
  name: string,
  least: Sureness = 'exact',
): Promise<BuildShowDocument> {
  return eventually(`build ${name} to be known as finished`, 30_000, async () => {
    const { builds } = await netmeter.json<BuildsDocument>(['builds']);
    const build = builds.find((candidate) => candidate.name === name && candidate.status !== 'running');
    if (build === undefined) return undefined;
    const shown = await netmeter.json<BuildShowDocument>(['build', 'show', build.ref]);
    return shown.steps.some((step) => isUndecided(step, least)) ? undefined : shown;
  });
}

/** A step that ran and has no process yet; a match needs a second to be sure. */
function isUndecided(step: StepDocument, least: Sureness): boolean {
  if (least === 'none') return false;
  if (step.kind !== 'run' || step.status !== 'done' || step.attribution === 'exact') return false;
  return least === 'exact' || step.attribution !== 'inferred';
}

/** The one step whose name holds a text. */
export function stepNamed(shown: BuildShowDocument, text: string): StepDocument {
  const found = shown.steps.filter((step) => step.name.includes(text));
  if (found.length !== 1 || found[0] === undefined) {
    const names = shown.steps.map((step) => step.name).join('\n');
    throw new Error(`${found.length} steps have ${JSON.stringify(text)} in their names:\n${names}`);
  }
  return found[0];
}

export function received(step: StepDocument): number {
  if (step.wan.rxBytes === null) throw new Error(`the bytes of ${step.name} are not known`);
  return step.wan.rxBytes;
}
