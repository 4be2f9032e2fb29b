import type { StepKind } from '../../builds/types.js';
import type { Basis } from './shared.js';

/** What a build will fetch; of `check`, too. */
export interface EstimateDocument {
  schema: 1;
  /** Null when that of a step is not known. */
  fetchBytes: number | null;
  lowBytes: number | null;
  highBytes: number | null;
  basis: Basis;
  coldBytes: number | null;
  link: string | null;
  metered: boolean | null;
  /** Of the link's budget in this cycle. */
  remainingBytes: number | null;
  limitBytes: number | null;
  allowed: boolean;
  steps: {
    name: string;
    kind: StepKind;
    line: number;
    willRun: boolean;
    because: string;
    fetchBytes: number | null;
    lowBytes: number | null;
    highBytes: number | null;
    basis: Basis;
    /** With nothing cached. */
    coldBytes: number | null;
  }[];
}
