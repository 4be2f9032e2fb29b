import type { OwnerKind, Tier } from '../../metering/types.js';
import type { Transfer } from '../../units.js';
import type { BudgetState } from './links.js';
import type { ReconciliationDocument, WarningDocument } from './shared.js';

export interface StatusDocument {
  schema: 1;
  running: boolean;
  pid: number | null;
  startedAt: string | null;
  version: string;
  since: string | null;
  tiers: { meter: Tier | null; builds: string | null; links: Tier | null };
  links: StatusLink[];
  owners: StatusOwner[];
  reconciliation: ReconciliationDocument | null;
  lost: Record<string, number>;
  warnings: WarningDocument[];
  sources: {
    name: string;
    ok: boolean;
    because: string | null;
    /** What kind of failure it is, and what to do about it; null where it works. */
    code: string | null;
    hint: string | null;
    lastDurationMs: number | null;
  }[];
}

export interface StatusLink extends Transfer {
  name: string;
  interface: string;
  metered: boolean | null;
  meteredBecause: string | null;
  budget: BudgetState | null;
  reconciliation: ReconciliationDocument | null;
}

export interface StatusOwner {
  kind: OwnerKind;
  name: string;
  id: string;
  tier: Tier;
  wan: Transfer;
  lan: Transfer;
  proxy: Transfer;
  local: Transfer;
  image: string | null;
  composeProject: string | null;
  composeService: string | null;
  devContainerFolder: string | null;
}
