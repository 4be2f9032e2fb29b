/** What `netmeter import` found, for people. */
import type { BuildFoundDocument, ImportFileDocument } from '../../src/records/document.js';
import { escapeText } from '../../src/text/escape.js';
import { formatBytes } from '../../src/text/figures.js';
import { table } from '../../src/text/table.js';

const MOST_ROWS = 20;

/** Ends with a newline. */
export function importText(document: ImportFileDocument, width: number | undefined): string {
  const { file, kind, proxy, imported } = document;
  const found =
    document.builds > 0 || proxy === null
      ? count(document.builds, 'build')
      : count(document.requests, 'request');
  const lines = [`${file === '-' ? 'standard input' : escapeText(file)}: ${kind}, ${found}`];
  if (document.skipped > 0)
    lines.push(`  passed over: ${document.skipped} lines or messages that say nothing of these`);
  lines.push(...document.buildsFound.slice(0, MOST_ROWS).map(buildLine));
  if (document.buildsFound.length > MOST_ROWS)
    lines.push(`  and ${document.buildsFound.length - MOST_ROWS} more: see --json`);
  if (proxy !== null) {
    const fetched = proxy.fetchedBytes === null ? 'unknown' : formatBytes(proxy.fetchedBytes);
    lines.push(
      `  served ${formatBytes(proxy.servedBytes)}, fetched ${fetched}; ${proxy.hits} hits, ${proxy.misses} misses`,
    );
  }
  for (const unknown of document.unknown) lines.push(`  not known: ${escapeText(unknown)}`);
  if (imported === null) lines.push('  Nothing was stored (--dry-run).');
  else if (imported.known) lines.push('  The same was imported before: it counts once.');
  else lines.push(`  Added: ${count(imported.builds, 'build')}, ${count(imported.requests, 'request')}.`);
  if (proxy !== null && proxy.packages.length > 0) lines.push('', ...packages(proxy.packages, width));
  return `${lines.join('\n')}\n`;
}

function buildLine(build: BuildFoundDocument): string {
  const pulled =
    build.pulledBytes === null ? '' : `, pulled ${formatBytes(build.pulledBytes)} as BuildKit reported`;
  return (
    `  ${escapeText(build.name)} (${build.ref}), ${build.status ?? 'end unknown'}: ${count(build.steps, 'step')}, ` +
    `${build.cachedSteps} cached, ${build.failedSteps} failed${pulled}`
  );
}

function packages(
  all: NonNullable<ImportFileDocument['proxy']>['packages'],
  width: number | undefined,
): string[] {
  const columns = [
    { title: 'PACKAGE', flexible: true },
    { title: 'REQUESTS', align: 'right' as const },
    { title: 'HITS', align: 'right' as const },
    { title: 'SERVED', align: 'right' as const },
    { title: 'FETCHED', align: 'right' as const },
  ];
  const rows = all
    .slice(0, MOST_ROWS)
    .map((one) => [
      one.name,
      String(one.requests),
      String(one.hits),
      formatBytes(one.servedBytes),
      formatBytes(one.fetchedBytes),
    ]);
  const more = all.length - MOST_ROWS;
  return [
    ...table(columns, rows, width),
    ...(more > 0 ? [`and ${count(more, 'more package')}: see --json`] : []),
  ];
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
