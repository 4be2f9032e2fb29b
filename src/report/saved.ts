/** The ledger as documents: what a step, a build and a period saved. */
import type { SavedDocument, SavingDocument, StepDocument } from '../protocol/documents.js';
import { isAllUnknown, type LedgerSum } from '../savings/build-ledger.js';
import type { Saving, StepLedger } from '../savings/types.js';
import { iso } from './sums.js';

type SavedFields = Pick<
  StepDocument,
  'coldBytes' | 'coldBasis' | 'coldAt' | 'savings' | 'residualBytes' | 'workAvoidedMs'
>;

export function stepSavedFields(page: StepLedger | undefined): SavedFields {
  const cold = page?.cold;
  return {
    coldBytes: cold?.bytes ?? null,
    coldBasis: cold?.basis ?? 'unknown',
    coldAt: cold === undefined ? null : iso(cold.at),
    savings: page?.savings?.map(savingDocument) ?? null,
    residualBytes: page?.residualBytes ?? null,
    workAvoidedMs: page?.workAvoidedMs ?? null,
  };
}

function savingDocument({ cause, bytes, lowBytes, highBytes, marginalBytes, basis }: Saving): SavingDocument {
  return { cause, bytes, lowBytes, highBytes, marginalBytes: marginalBytes ?? null, basis };
}

/** Null where nothing is over yet, or where all that ran failed: there is nothing to say anything of. */
export function savedDocument(sum: LedgerSum): SavedDocument | null {
  return sum.settledSteps + sum.unknownSteps === 0 ? null : savedFields(sum);
}

export function savedFields(sum: LedgerSum): SavedDocument {
  const { byCause } = sum;
  return {
    bytes: sum.bytes,
    headlineBytes: sum.headlineBytes,
    lowBytes: sum.lowBytes,
    highBytes: sum.highBytes,
    byCause: {
      cacheMount: byCause['cache-mount'],
      proxy: byCause.proxy,
      layerCache: byCause['layer-cache'],
      localImage: byCause['local-image'],
      sharedBuild: byCause['shared-build'],
    },
    unknownSteps: sum.unknownSteps,
    residualBytes: sum.residualBytes,
  };
}

/** Null where it would leave out all that counts. */
export function coldBytesOf(sum: LedgerSum): number | null {
  return isAllUnknown(sum) || sum.settledSteps === 0 ? null : sum.coldBytes;
}
