/** The status document: owners and links since a moment, and how well they add up. */
import type { Reconciliation, SourceState, Tier } from '../metering/types.js';
import type { UsageRow } from '../metering/usage.js';
import type {
  BudgetState,
  ReconciliationDocument,
  StatusDocument,
  StatusOwner,
} from '../protocol/documents.js';
import { SCHEMA } from '../protocol/documents.js';
import type { EpochMs, Transfer } from '../units.js';
import { iso, type OwnerSum, sumByOwner, transferOf } from './sums.js';

export interface StatusFacts {
  pid: number;
  version: string;
  startedAt: EpochMs;
  since: EpochMs;
  tiers: StatusDocument['tiers'];
  links: {
    name: string;
    interface: string;
    metered: boolean | null;
    meteredBecause: string | null;
    budget: BudgetState | null;
    transfer: Transfer;
    reconciliation: Reconciliation;
  }[];
  usage: readonly UsageRow[];
  lost: Record<string, number>;
  warnings: StatusDocument['warnings'];
  sources: readonly SourceState[];
}

export function statusDocument(facts: StatusFacts): StatusDocument {
  const reconciliations = facts.links.map((link) => reconciliationDocument(link.reconciliation));
  return {
    schema: SCHEMA,
    running: true,
    pid: facts.pid,
    startedAt: iso(facts.startedAt),
    version: facts.version,
    since: iso(facts.since),
    tiers: facts.tiers,
    links: facts.links.map((link, index) => ({
      name: link.name,
      interface: link.interface,
      metered: link.metered,
      meteredBecause: link.meteredBecause,
      ...transferOf(link.transfer),
      budget: link.budget,
      reconciliation: reconciliations[index] ?? null,
    })),
    owners: [...sumByOwner(facts.usage).values()].map(ownerDocument),
    reconciliation: reconciliations.length === 0 ? null : reconciliations.reduce(addReconciliations),
    lost: facts.lost,
    warnings: facts.warnings,
    sources: facts.sources.map((source) => ({
      name: source.name,
      ok: source.ok,
      because: source.because ?? null,
      code: source.code ?? null,
      hint: source.hint ?? null,
      lastDurationMs: source.lastDurationMs ?? null,
    })),
  };
}

/** What `status --json` says when no daemon runs. */
export function notRunningDocument(version: string): StatusDocument {
  return {
    schema: SCHEMA,
    running: false,
    pid: null,
    startedAt: null,
    version,
    since: null,
    tiers: { meter: null, builds: null, links: null },
    links: [],
    owners: [],
    reconciliation: null,
    lost: {},
    warnings: [],
    sources: [],
  };
}

export function reconciliationDocument(it: Reconciliation): ReconciliationDocument {
  return { ...it, rxHeaderBytes: it.rxHeaderBytes ?? null, txHeaderBytes: it.txHeaderBytes ?? null };
}

/** Sums over all links; the header bytes of different links have no sum. */
export function addReconciliations(
  a: ReconciliationDocument,
  b: ReconciliationDocument,
): ReconciliationDocument {
  return {
    linkBytes: a.linkBytes + b.linkBytes,
    attributedBytes: a.attributedBytes + b.attributedBytes,
    tunnelOverheadBytes: a.tunnelOverheadBytes + b.tunnelOverheadBytes,
    unattributedBytes: a.unattributedBytes + b.unattributedBytes,
    linkPackets: a.linkPackets + b.linkPackets,
    attributedPackets: a.attributedPackets + b.attributedPackets,
    packetsComparable: a.packetsComparable && b.packetsComparable,
    rxHeaderBytes: null,
    txHeaderBytes: null,
  };
}

function ownerDocument({ owner, wan, lan, proxy, local, tier }: OwnerSum): StatusOwner {
  const { facts } = owner;
  return {
    kind: owner.kind,
    name: owner.name,
    id: owner.id,
    tier: tier satisfies Tier,
    wan: transferOf(wan),
    lan: transferOf(lan),
    proxy: transferOf(proxy),
    local: transferOf(local),
    image: facts.image ?? null,
    composeProject: facts.composeProject ?? null,
    composeService: facts.composeService ?? null,
    devContainerFolder: facts.devContainerFolder ?? null,
  };
}
