import {
  type BaselineDocument,
  type BuildShowDocument,
  SCHEMA,
  type StepDocument,
} from '../protocol/documents.js';

/** What fetches something, so that its cold cost is of interest. */
const FETCHING = ['run', 'from', 'add', 'git'];

/** What a cold build measured, and what of it could not be. */
export function baselineDocument(shown: BuildShowDocument, name: string): BaselineDocument {
  const steps: BaselineDocument['steps'] = [];
  const unmeasured: BaselineDocument['unmeasured'] = [];
  for (const step of shown.steps.filter(({ kind }) => FETCHING.includes(kind))) {
    const because = whyNot(step, name);
    const plain = step.name.replaceAll(`#${name}`, '');
    if (because === undefined) steps.push({ name: plain, coldBytes: costOf(step) ?? 0 });
    else unmeasured.push({ name: plain, because });
  }
  const coldBytes = steps.reduce((sum, step) => sum + step.coldBytes, 0);
  return { schema: SCHEMA, ref: shown.build.ref, coldBytes, steps, unmeasured };
}

function costOf({ wan }: StepDocument): number | undefined {
  return wan.rxBytes === null ? undefined : wan.rxBytes + wan.txBytes;
}

function whyNot(step: StepDocument, name: string): string | undefined {
  const { kind, status, attribution, proxy } = step;
  if (kind === 'git') return 'BuildKit keeps a copy of the repository and fetches only what is new';
  if (status === 'shared') return 'another build ran it at the same time';
  if (status === 'failed' || status === 'canceled') return 'it failed';
  if (kind === 'from' && (status === 'cached' || costOf(step) === 0)) return 'the image is there already';
  if (kind === 'add' && !step.name.includes(`#${name}`) && /https?:/.test(step.name)) {
    return 'its URL comes from a variable or has a fragment: BuildKit asks only whether it has changed';
  }
  if (status === 'cached') return 'BuildKit took it from its cache';
  if (attribution === 'unattributed' || costOf(step) === undefined) return 'nobody saw what it moved';
  if ((proxy.rxBytes ?? 0) > 0) return 'proxies gave it what it would have fetched';
  return undefined;
}
