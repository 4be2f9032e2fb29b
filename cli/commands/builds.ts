import type { BuildDocument } from '../../src/protocol/documents.js';
import { formatBytes, formatDuration, formatTime, sumOf } from '../../src/text/figures.js';
import { savedCell } from '../../src/text/savings.js';
import { table } from '../../src/text/table.js';
import { ask } from '../ask.js';
import type { Command } from '../command.js';
import { parseCount } from '../parse.js';

interface BuildsOptions {
  limit: number;
}

export const builds: Command<BuildsOptions> = {
  name: 'builds',
  summary: 'builds, newest first, with what they used and saved',
  options: [{ flags: '--limit <n>', description: 'how many at most', parse: parseCount, default: 20 }],
  async run({ io, options }) {
    const document = await ask('builds', { limit: options.limit }, io, options);
    io.stdout.write(
      options.json
        ? `${JSON.stringify(document)}\n`
        : buildsText(document.builds, undefined, io.stdout.columns),
    );
    return 0;
  },
};

export function buildsText(
  list: readonly BuildDocument[],
  timeZone: string | undefined,
  width: number | undefined,
): string {
  if (list.length === 0) return 'No builds yet.\n';
  const lines = table(
    [
      { title: 'REF' },
      { title: 'NAME', flexible: true },
      { title: 'STARTED' },
      { title: 'TOOK', align: 'right' },
      { title: 'STATUS' },
      { title: 'CACHED', align: 'right' },
      { title: 'WAN', align: 'right' },
      { title: 'SAVED', align: 'right' },
    ],
    list.map((build) => [
      build.ref.slice(0, 12),
      build.name,
      formatTime(build.startedAt, timeZone),
      tookText(build),
      build.status ?? 'unknown',
      `${build.cachedSteps}/${build.steps}`,
      formatBytes(sumOf(build.wan)),
      savedCell(build.saved),
    ]),
    width,
  );
  if (list.some((build) => savedCell(build.saved).endsWith('?'))) {
    lines.push('', '+? leaves out steps of which nobody knows what they cost cold.');
  }
  return `${lines.join('\n')}\n`;
}

/** A record that was imported may not say. */
export function tookText(build: BuildDocument): string {
  const took = elapsed(build);
  return took === null && build.status !== 'running' ? '-' : formatDuration(took);
}

function elapsed(build: BuildDocument): number | null {
  if (build.completedAt === null || build.startedAt === null) return null;
  return Date.parse(build.completedAt) - Date.parse(build.startedAt);
}
