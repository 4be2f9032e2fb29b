import { NO_CURRENCY } from '../../budget/price.js';
import type { ReportDocument } from '../../protocol/documents.js';
import { formatBytes, formatDuration } from '../../text/figures.js';
import type { Fact } from './types.js';

/** What was used, what was saved, and what that is worth. */
export function leadFacts(document: ReportDocument): Fact[] {
  return [
    usedFact(document),
    ...savedFacts(document),
    ...moneyFacts(document),
    ...workFacts(document),
    buildsFact(document),
  ];
}

function usedFact({ wan, previous }: ReportDocument): Fact {
  const { rxBytes, txBytes } = wan;
  if (rxBytes === null) return { label: 'Used', value: 'unknown', note: 'nobody counted then' };
  return {
    label: 'Used',
    value: formatBytes(rxBytes + txBytes),
    note: [
      `in ${formatBytes(rxBytes)}, out ${formatBytes(txBytes)}`,
      comparison(rxBytes + txBytes, previous.usedBytes),
    ].join('; '),
  };
}

function savedFacts({ saved, coldBytes, previous }: ReportDocument): Fact[] {
  if (saved === null) return [{ label: 'Saved', value: 'unknown' }];
  const nothingKnown = saved.bytes === 0 && saved.unknownSteps > 0;
  const left = saved.unknownSteps === 0 ? undefined : `${steps(saved.unknownSteps)} unknown and left out`;
  const range = `${formatBytes(saved.lowBytes)} to ${formatBytes(saved.highBytes)}`;
  const notes = [
    saved.lowBytes === saved.highBytes ? undefined : range,
    left,
    comparison(saved.bytes, previous.savedBytes),
  ];
  const facts: Fact[] = [
    {
      label: 'Saved by cache mounts and proxies',
      value: nothingKnown ? 'unknown' : formatBytes(saved.headlineBytes),
      note: `cold, all of it would have cost ${formatBytes(coldBytes)}`,
    },
    {
      label: 'Saved in all',
      value: nothingKnown ? 'unknown' : formatBytes(saved.bytes),
      note: notes.filter((note) => note !== undefined).join('; '),
    },
  ];
  if (saved.meteredBytes !== 0) {
    facts.push({ label: 'Of that on metered links', value: formatBytes(saved.meteredBytes) });
  }
  return facts;
}

function moneyFacts({ money }: ReportDocument): Fact[] {
  return (money ?? []).map(({ currency, spent, saved }) => ({
    label: 'Money',
    value: saved === null ? 'unknown' : `${amount(saved, currency)} saved`,
    note: `${amount(spent, currency)} spent`,
  }));
}

/** A price that names no currency is of nobody knows which. */
function amount(value: number, currency: string): string {
  return currency === NO_CURRENCY ? value.toFixed(2) : `${value.toFixed(2)} ${currency}`;
}

function workFacts({ workAvoidedMs, energyWh }: ReportDocument): Fact[] {
  const facts: Fact[] = [];
  if (workAvoidedMs !== null && workAvoidedMs !== 0) {
    const note = 'one step after the other, against their cold runs';
    facts.push({ label: 'Work avoided', value: signed(workAvoidedMs, formatDuration), note });
  }
  if (energyWh !== null) {
    const saved = energyWh.saved === null ? 'unknown' : `${energyWh.saved.toFixed(1)} Wh saved`;
    facts.push({ label: 'Energy', value: saved, note: `${energyWh.used.toFixed(1)} Wh used` });
  }
  return facts;
}

function buildsFact({ builds }: ReportDocument): Fact {
  return { label: 'Builds', value: String(builds.count), note: `${builds.failed} failed` };
}

/** Against the period of the same length before. */
function comparison(bytes: number, before: number | null): string {
  if (before === null) return 'nothing is known of the period before';
  const change = bytes - before;
  const sign = change < 0 ? '−' : '+';
  return `${sign}${formatBytes(Math.abs(change))} against the period before`;
}

function signed(value: number, format: (value: number) => string): string {
  return value < 0 ? `−${format(-value)}` : format(value);
}

function steps(count: number): string {
  return count === 1 ? '1 step' : `${count} steps`;
}
