import type { BuildShowDocument, StepDocument } from '../../src/protocol/documents.js';
import { escapeText } from '../../src/text/escape.js';
import { formatBytes, formatDuration, formatTime, sumOf } from '../../src/text/figures.js';
import { savedText, savingText } from '../../src/text/savings.js';
import { table } from '../../src/text/table.js';
import { ask } from '../ask.js';
import type { Command } from '../command.js';
import { namesText } from '../view/remote-names.js';
import { tookText } from './builds.js';

export const buildShow: Command = {
  name: 'build show',
  summary: "one build's steps, what each used and saved",
  operands: [['<ref>', 'the ref of a build, or the beginning of one, as `netmeter builds` prints it']],
  async run({ io, args, options }) {
    const document = await ask('build', { ref: args[0] ?? '' }, io, options);
    io.stdout.write(
      options.json ? `${JSON.stringify(document)}\n` : buildText(document, undefined, io.stdout.columns),
    );
    return 0;
  },
};

export function buildText(
  { build, steps }: BuildShowDocument,
  timeZone: string | undefined,
  width: number | undefined,
): string {
  const lines = [
    `${escapeText(build.name)} (${build.ref}), ${build.status ?? 'end unknown'}, started ${formatTime(build.startedAt, timeZone)},` +
      ` took ${tookText(build)}`,
    `WAN: in ${formatBytes(build.wan.rxBytes)}, out ${formatBytes(build.wan.txBytes)}` +
      `${build.link === null ? '' : ` over ${escapeText(build.link)}`};` +
      ` ${build.cachedSteps} of ${build.steps} steps cached`,
    `Cold: ${formatBytes(build.coldBytes)}. Saved: ${savedText(build.saved)}`,
    '',
    ...table(
      [
        { title: 'STEP', flexible: true },
        { title: 'STATUS' },
        { title: 'TOOK', align: 'right' },
        { title: 'WAN', align: 'right' },
        { title: 'COLD', align: 'right' },
        { title: 'SAVED', align: 'right' },
        { title: 'LAN', align: 'right' },
        { title: 'PROXY', align: 'right' },
        { title: 'TIER' },
        { title: 'OWNER IS' },
      ],
      steps
        .filter(worthShowing)
        .map((step) => [
          step.name,
          step.sharedWith === null ? step.status : `shared: ${step.sharedWith.slice(0, 8)}`,
          step.status === 'cached' ? '-' : formatDuration(step.durationMs),
          formatBytes(sumOf(step.wan)),
          formatBytes(step.coldBytes),
          formatBytes(savedBytes(step)),
          formatBytes(sumOf(step.lan)),
          formatBytes(sumOf(step.proxy)),
          step.tier,
          step.attribution,
        ]),
      width,
    ),
  ];
  for (const step of steps.filter((candidate) => hasDetails(candidate))) {
    lines.push('', escapeText(step.name));
    const names = namesText(step.remotes);
    if (names !== '') lines.push(`  ${names}`);
    if (step.tier === 'reported')
      lines.push(`  pulled ${formatBytes(step.reportedBytes)}, as BuildKit reported`);
    for (const mount of step.cacheMounts) {
      const empty = mount.emptyAtStart === null ? 'unknown' : mount.emptyAtStart ? 'empty' : 'not empty';
      lines.push(`  cache mount ${escapeText(mount.id ?? mount.target)}: ${empty} at its start`);
    }
    for (const saving of step.savings ?? []) lines.push(`  saved ${savingText(saving)}`);
  }
  return `${lines.join('\n')}\n`;
}

function savedBytes({ savings }: StepDocument): number | null {
  return savings?.reduce((sum, { bytes }) => sum + bytes, 0) ?? null;
}

function hasDetails({ cacheMounts, savings, remotes, tier, reportedBytes }: StepDocument): boolean {
  const isReported = tier === 'reported' && reportedBytes !== null;
  return isReported || cacheMounts.length > 0 || (savings ?? []).length > 0 || namesText(remotes) !== '';
}

/** BuildKit's own bookkeeping is left out of the table unless it used the network. */
function worthShowing(step: StepDocument): boolean {
  return step.kind !== 'internal' || (step.tier !== 'reported' && sumOf(step.wan) !== 0);
}
