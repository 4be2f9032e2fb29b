import type { LinkView, LiveView } from '../../../src/live/types.js';
import { formatBytes, sumOf } from '../../../src/text/figures.js';
import { formatClock, formatPercent, formatRate } from '../text/figures.js';

const MOST_STEPS = 5;

/** What matters most, in sentences, for somebody who hears the screen. */
export function spokenLines(view: LiveView): string[] {
  if (view.daemonVersion === null) {
    const { connection } = view;
    return connection.state === 'waiting'
      ? [`${connection.because}. ${connection.hint ?? ''}. Waiting for it.`]
      : ['Connecting.'];
  }
  const lines = view.links.map(linkSentence);
  if (view.staleFor !== undefined) {
    lines.unshift(`Stale: the daemon has said nothing for ${formatClock(view.staleFor)}.`);
  }
  for (const { document, steps = [], rate } of view.builds) {
    if (document.status !== 'running') continue;
    lines.push(
      `Build ${document.name} runs: ${document.steps} steps, ${document.cachedSteps} cached, ` +
        `${formatBytes(sumOf(document.wan))} so far, ${formatRate(rate.rx + rate.tx)}.`,
    );
    for (const step of steps.filter(({ runsSince }) => runsSince !== null).slice(0, MOST_STEPS)) {
      const { name, wan, coldBytes } = step.document;
      const cold = coldBytes === null ? 'unknown' : `about ${formatBytes(coldBytes)}`;
      lines.push(`Step ${name}: ${formatBytes(sumOf(wan))}, cold: ${cold}.`);
    }
  }
  const parts = view.groups.map(({ name, wanBytes }) => `${name} ${formatBytes(wanBytes)}`);
  lines.push(`${[...parts, `unattributed ${formatBytes(view.unattributed?.bytes ?? null)}`].join(', ')}.`);
  if (view.warnings.length > 0) lines.push(`${view.warnings.length} warnings: ${view.warnings[0]?.message}.`);
  return lines;
}

function linkSentence({ name, metered, rate, todayBytes, budget }: LinkView): string {
  const kind = metered === null ? 'metered or not is unknown' : metered ? 'metered' : 'not metered';
  const used =
    budget === null
      ? 'no budget'
      : `${formatPercent(budget.limitBytes > 0 ? budget.usedBytes / budget.limitBytes : 1)} of ${formatBytes(budget.limitBytes)} used`;
  return `Link ${name}, ${kind}: receives ${formatRate(rate.rx)}, sends ${formatRate(rate.tx)}; today ${formatBytes(todayBytes)}; ${used}.`;
}
