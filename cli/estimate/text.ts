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

/** Why a build is allowed, or is not: by the tighter of its link's limit and what is left of the budget. */
export function gateLine(document: EstimateDocument): string {
  const { allowed, metered, limitBytes, remainingBytes, link } = document;
  const name = escapeText(link ?? 'the link');
  if (metered === false) return `${name} is not metered.`;
  const isMetered = metered === true;
  const left = isMetered ? remainingBytes : null;
  if (limitBytes === null && left === null) {
    return isMetered ? `${name} is metered, and has no limit.` : 'No limit is set.';
  }
  const isBudget = left !== null && (limitBytes === null || left < limitBytes);
  const what = isBudget
    ? `what is left of the budget, ${formatBytes(left)}`
    : `the limit of ${formatBytes(limitBytes)}`;
  const where = isMetered ? ` (${name} is metered)` : '';
  if (!allowed) return `That is over ${what}${where}.`;
  return document.fetchBytes === null
    ? `What is known of it is within ${what}${where}; the rest may be over it.`
    : `That is within ${what}${where}.`;
}
