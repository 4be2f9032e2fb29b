import { type Basis, type EstimateDocument, SCHEMA } from '../protocol/documents.js';
import type { Bytes } from '../units.js';
import type { StepForecast } from './types.js';

export interface EstimateLink {
  name: string | null;
  metered: boolean | null;
  remainingBytes: number | null;
  limitBytes: number | null;
}

const ORDER: readonly Basis[] = ['measured', 'derived', 'estimated', 'unknown'];

/** The sums are unknown when those of a step are. */
export function estimateDocument(forecasts: readonly StepForecast[], link: EstimateLink): EstimateDocument {
  const fetchBytes = sum(forecasts.map((each) => each.fetchBytes));
  const lowBytes = forecasts.reduce((total, each) => total + (each.lowBytes ?? 0), 0);
  return {
    schema: SCHEMA,
    fetchBytes,
    lowBytes,
    highBytes: sum(forecasts.map((each) => each.highBytes)),
    basis: weakest(forecasts),
    coldBytes: sum(forecasts.map((each) => each.coldBytes)),
    link: link.name,
    metered: link.metered,
    remainingBytes: link.remainingBytes,
    limitBytes: link.limitBytes,
    allowed: isAllowed(fetchBytes ?? lowBytes, link),
    steps: forecasts.map((each) => ({
      name: each.name,
      kind: each.kind,
      line: each.line,
      willRun: each.willRun,
      because: each.because,
      fetchBytes: each.fetchBytes ?? null,
      lowBytes: each.lowBytes ?? null,
      highBytes: each.highBytes ?? null,
      basis: each.basis,
      coldBytes: each.coldBytes ?? null,
    })),
  };
}

/** Only a metered link has a limit; on one of which that is not known, a limit that somebody named counts, too. */
function isAllowed(bytes: Bytes, { metered, limitBytes, remainingBytes }: EstimateLink): boolean {
  if (metered === false) return true;
  if (metered === true && remainingBytes !== null && bytes > remainingBytes) return false;
  return limitBytes === null || bytes <= limitBytes;
}

function sum(values: readonly (Bytes | undefined)[]): Bytes | null {
  let total = 0;
  for (const value of values) {
    if (value === undefined) return null;
    total += value;
  }
  return total;
}

/** How the least sure of those that may move something is known. */
function weakest(forecasts: readonly StepForecast[]): Basis {
  const isUnsure = ({ basis }: StepForecast) => basis === 'estimated' || basis === 'unknown';
  const moving = forecasts.filter(
    (each) => each.fetchBytes !== 0 || (each.highBytes !== 0 && isUnsure(each)),
  );
  if (moving.length === 0) return 'derived';
  return ORDER[Math.max(...moving.map((each) => ORDER.indexOf(each.basis)))] ?? 'unknown';
}
