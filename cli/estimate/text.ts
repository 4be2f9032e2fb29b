import type { EstimateDocument } from '../../src/protocol/documents.js';
import { escapeText } from '../../src/text/escape.js';
import { formatBytes } from '../../src/text/figures.js';
import { table } from '../../src/text/table.js';

/** The sum, then each step with what it fetches, then why those that run do. */
export function estimateText(document: EstimateDocument, width: number | undefined): string {
  const { steps } = document;
  const running = steps.filter((step) => step.willRun);
  const lines = [
    estimateLine(document),
    `${running.length} of ${steps.length} steps will run.`,
    '',
    ...table(
      [
        { title: 'STEP', flexible: true },
        { title: 'RUNS' },
        { title: 'FETCHES', align: 'right' },
        { title: 'BETWEEN', align: 'right' },
        { title: 'BASIS' },
      ],
      steps.map((step) => [
        step.name,
        step.willRun ? 'yes' : 'no',
        formatBytes(step.fetchBytes),
        `${formatBytes(step.lowBytes)} and ${formatBytes(step.highBytes)}`,
        step.basis,
      ]),
      width,
    ),
  ];
  for (const step of running) lines.push('', escapeText(step.name), `  ${escapeText(step.because)}`);
  return `${lines.join('\n')}\n`;
}

/** `This build will fetch about 24.9 MB (between 24.1 MB and 25.6 MB, measured).` */
export function estimateLine({ fetchBytes, lowBytes, highBytes, basis }: EstimateDocument): string {
  if (fetchBytes === null) {
    const least = lowBytes ? `at least ${formatBytes(lowBytes)}, ` : '';
    return `What this build will fetch is not known: ${least}some of its steps were never seen.`;
  }
  return (
    `This build will fetch about ${formatBytes(fetchBytes)} ` +
    `(between ${formatBytes(lowBytes)} and ${formatBytes(highBytes)}, ${basis}).`
  );
}

/** Why a build is allowed, or is not. */
export function gateLine({ allowed, metered, limitBytes, remainingBytes, link }: EstimateDocument): string {
  const name = escapeText(link ?? 'the link');
  if (metered === false) return `${name} is not metered.`;
  const limit = limitBytes ?? remainingBytes;
  if (limit === null) return metered === true ? `${name} is metered, and has no limit.` : 'No limit is set.';
  const what =
    limitBytes === null
      ? `what is left of the budget, ${formatBytes(limit)}`
      : `the limit of ${formatBytes(limit)}`;
  return `${allowed ? 'That is within' : 'That is over'} ${what}${metered === true ? ` (${name} is metered)` : ''}.`;
}
