import type { ReportDocument } from '../../protocol/documents.js';
import { formatTime } from '../../text/figures.js';
import { leadFacts } from './facts.js';
import {
  adviceSection,
  causesSection,
  changesSection,
  daysSection,
  linksSection,
  ownersSection,
  projectsSection,
  stepsSection,
  weeksSection,
} from './sections.js';
import type { ReportView, Section } from './types.js';

/** The view of a report. Sections that have nothing to show are left out. */
export function reportView(document: ReportDocument): ReportView {
  const { since, until, timeZone } = document;
  const sections = [
    causesSection(document),
    weeksSection(document),
    daysSection(document),
    changesSection(document),
    projectsSection(document),
    stepsSection(document),
    ownersSection(document),
    linksSection(document),
    adviceSection(document),
  ];
  return {
    title: 'netmeter report',
    period: `${formatTime(since, timeZone)} to ${formatTime(until, timeZone)} (${timeZone})`,
    facts: leadFacts(document),
    sections: sections.filter((section): section is Section => section !== undefined),
    notes: notesOf(document),
  };
}

function notesOf({ tiers, energyWh, estimates }: ReportDocument): string[] {
  const notes = [
    'Bytes are those on the wire, headers included, as carriers bill them. MB are 1,000,000 bytes.',
    'Saved is cold cost minus what was fetched. What nobody knows is left out of sums and counted beside them.',
  ];
  if (tiers.header + tiers.polled > 0) {
    notes.push(
      'A part was not counted exactly: packets that the kernel merged miss some 3 % of their bytes.',
    );
  }
  if (energyWh !== null) notes.push(`Energy: ${energyWh.source}.`);
  if (estimates.medianErrorRatio !== null) {
    const percent = (estimates.medianErrorRatio * 100).toFixed(1);
    notes.push(`Half of the ${estimates.count} estimates were off by no more than ${percent} %.`);
  }
  return notes;
}
