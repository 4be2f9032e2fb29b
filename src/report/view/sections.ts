import type { ReportDocument } from '../../protocol/documents.js';
import { formatBytes } from '../../text/figures.js';
import { budgetText } from './budget-text.js';
import type { Section } from './types.js';

/** Days in one chart; longer periods are shown by week. */
const MOST_DAYS = 31;

const CAUSES = [
  ['cacheMount', 'cache mounts'],
  ['proxy', 'proxies'],
  ['layerCache', 'layer cache'],
  ['localImage', 'local images'],
  ['sharedBuild', 'another build'],
] as const;

export function causesSection({ saved }: ReportDocument): Section | undefined {
  if (saved === null) return undefined;
  const { byCause, byBasis } = saved;
  const known = CAUSES.filter(([cause]) => byCause[cause] !== 0);
  const bases = Object.entries(byBasis).filter(([, bytes]) => bytes !== 0);
  if (known.length === 0) return undefined;
  const residual = saved.residualBytes === 0 ? [] : [['no cause (noise)', formatBytes(saved.residualBytes)]];
  return {
    title: 'What saved it',
    text: `How that is known: ${bases.map(([basis, bytes]) => `${formatBytes(bytes)} ${basis}`).join(', ')}.${overheadText(saved.proxyOverheadBytes)}`,
    chart: {
      labels: known.map(([, name]) => name),
      series: [{ name: 'saved', values: known.map(([cause]) => byCause[cause]) }],
    },
    table: {
      titles: ['Cause', 'Saved'],
      rows: [...known.map(([cause, name]) => [name, formatBytes(byCause[cause])]), ...residual],
    },
  };
}

function overheadText(bytes: number): string {
  return bytes === 0
    ? ''
    : ` Proxies fetched ${formatBytes(bytes)} that nobody asked them for, which is taken off.`;
}

export function weeksSection({ weeks }: ReportDocument): Section | undefined {
  if (weeks.length < 2) return undefined;
  return {
    title: 'Week by week',
    chart: {
      labels: weeks.map(({ week }) => week),
      series: [
        { name: 'used', values: weeks.map(({ usedBytes }) => usedBytes) },
        { name: 'saved', values: weeks.map(({ savedBytes }) => savedBytes ?? undefined) },
      ],
    },
    table: {
      titles: ['Week', 'Used', 'Saved', 'By mounts and proxies'],
      rows: weeks.map(({ week, isWhole, usedBytes, savedBytes, headlineBytes }) => [
        isWhole ? week : `${week} (a part)`,
        formatBytes(usedBytes),
        formatBytes(savedBytes),
        formatBytes(headlineBytes),
      ]),
    },
  };
}

export function daysSection({ days }: ReportDocument): Section | undefined {
  if (days.length === 0 || days.length > MOST_DAYS) return undefined;
  return {
    title: 'Day by day',
    chart: {
      labels: days.map(({ date }) => date.slice('YYYY-'.length)),
      series: [
        { name: 'used', values: days.map(({ usedBytes }) => usedBytes) },
        { name: 'saved', values: days.map(({ savedBytes }) => savedBytes ?? undefined) },
      ],
    },
    table: {
      titles: ['Day', 'Used', 'Saved', 'By mounts and proxies'],
      rows: days.map(({ date, usedBytes, savedBytes, headlineBytes }) => [
        date,
        formatBytes(usedBytes),
        formatBytes(savedBytes),
        formatBytes(headlineBytes),
      ]),
    },
  };
}

export function changesSection({ changes }: ReportDocument): Section | undefined {
  if (changes.length === 0) return undefined;
  return {
    title: 'What changed since the period before',
    table: {
      titles: ['Project', 'Used', 'Before', 'Change'],
      rows: changes.map(({ name, usedBytes, previousUsedBytes }) => [
        name,
        formatBytes(usedBytes),
        formatBytes(previousUsedBytes),
        `${usedBytes < previousUsedBytes ? '−' : '+'}${formatBytes(Math.abs(usedBytes - previousUsedBytes))}`,
      ]),
    },
  };
}

export function projectsSection({ projects }: ReportDocument): Section | undefined {
  if (projects.length === 0) return undefined;
  const rows = projects.map(({ name, usedBytes, savedBytes }) => [
    name,
    formatBytes(usedBytes),
    formatBytes(savedBytes),
  ]);
  return { title: 'Projects', table: { titles: ['Project', 'Used', 'Saved'], rows } };
}

export function stepsSection({ topSteps }: ReportDocument): Section | undefined {
  if (topSteps.length === 0) return undefined;
  const rows = topSteps.map(({ name, project, bytes, savedBytes }) => [
    project === null ? name : `${project}: ${name}`,
    formatBytes(bytes),
    formatBytes(savedBytes),
  ]);
  return { title: 'Steps that used most', table: { titles: ['Step', 'Used', 'Saved'], rows } };
}

export function ownersSection({ byOwnerKind }: ReportDocument): Section | undefined {
  const kinds = Object.entries(byOwnerKind).filter(
    ([, { rxBytes, txBytes }]) => rxBytes !== null && (rxBytes !== 0 || txBytes !== 0),
  );
  if (kinds.length === 0) return undefined;
  return {
    title: 'Whose bytes',
    text: 'All that crossed the links, whatever its class. The rows add up to the links’ own counters.',
    table: {
      titles: ['Owner', 'In', 'Out'],
      rows: kinds.map(([kind, { rxBytes, txBytes }]) => [kind, formatBytes(rxBytes), formatBytes(txBytes)]),
    },
  };
}

export function linksSection({ links }: ReportDocument): Section | undefined {
  if (links.length === 0) return undefined;
  return {
    title: 'Links',
    table: {
      titles: ['Link', 'Metered', 'Carried', 'Unattributed', 'Budget'],
      rows: links.map(({ name, metered, bytes, reconciliation, budget }) => [
        name,
        metered === null ? 'unknown' : metered ? 'yes' : 'no',
        formatBytes(bytes),
        formatBytes(reconciliation?.unattributedBytes ?? null),
        budgetText(budget),
      ]),
    },
  };
}

export function adviceSection({ advice }: ReportDocument): Section | undefined {
  if (advice.length === 0) return undefined;
  return {
    title: 'What would save more',
    items: advice.map(({ message, where, savesBytes, basis }) => {
      const worth = savesBytes === null ? '' : ` It would have saved ${formatBytes(savesBytes)} (${basis}).`;
      return `${where === null ? '' : `${where}: `}${message}${worth}`;
    }),
  };
}
