import type { BuildDocument } from '../../src/protocol/documents.js';
import { formatBytes, formatDuration, formatTime } from '../../src/text/figures.js';
import { table } from '../../src/text/table.js';
import { ask } from '../ask.js';
import type { Command } from '../command.js';
import { parseCount } from '../parse.js';

interface BuildsOptions {
  limit: number;
}

export const builds: Command<BuildsOptions> = {
  name: 'builds',
  summary: 'builds, newest first, with what they used',
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
      { title: 'STEPS', align: 'right' },
      { title: 'CACHED', align: 'right' },
      { title: 'WAN IN', align: 'right' },
      { title: 'WAN OUT', align: 'right' },
    ],
    list.map((build) => [
      build.ref.slice(0, 12),
      build.name,
      formatTime(build.startedAt, timeZone),
      formatDuration(elapsed(build)),
      build.status,
      String(build.steps),
      String(build.cachedSteps),
      formatBytes(build.wan.rxBytes),
      formatBytes(build.wan.txBytes),
    ]),
    width,
  );
  return `${lines.join('\n')}\n`;
}

export function elapsed(build: BuildDocument): number | null {
  return build.completedAt === null ? null : Date.parse(build.completedAt) - Date.parse(build.startedAt);
}
