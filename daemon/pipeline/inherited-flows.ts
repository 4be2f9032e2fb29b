import type { CounterPosition } from '../../src/metering/types.js';
import type { InheritedCounters } from '../meter/ebpf/ebpf-meter.js';
import { type DraftRow, FlowLedger, type FlowRules } from './flow-ledger.js';

/** Positions as the store has them, and the counters they are positions of. */
export interface StoredPositions {
  /** This run's, or that of counters of another version. */
  epoch: string;
  positions: readonly CounterPosition[];
}

/**
 * What counters of another version of the programs counted after the last commit, when no daemon ran. They
 * stand still, and stay in the kernel until this is stored.
 */
export class InheritedFlows {
  readonly #counters: InheritedCounters | undefined;
  readonly #ledger: FlowLedger;

  /**
   * @param inherited sets of counters
   * @param stored tells which of them counts: the others are in the store already, or never were its own
   */
  constructor(
    inherited: readonly InheritedCounters[],
    stored: StoredPositions | undefined,
    rules: FlowRules,
  ) {
    this.#counters = inherited.find(({ epoch }) => epoch === stored?.epoch);
    this.#ledger = new FlowLedger(rules);
    this.#ledger.restore(stored?.positions ?? []);
  }

  /** The same rows as often as it is asked. */
  rows(): DraftRow[] {
    for (const counter of this.#counters?.counters ?? []) this.#ledger.read(counter);
    return this.#ledger.drafts().rows;
  }
}
