/** An export in Prometheus' text format: what a node exporter's textfile collector reads. */
import type { ExportDocument, StatusDocument, StatusOwner } from '../protocol/documents.js';
import { escapeText } from '../text/escape.js';

interface Sample {
  labels: Readonly<Record<string, string>>;
  value: number | boolean | null | undefined;
}

/**
 * Counters are those of the daemon since it started, as Prometheus wants them; what a period saved is a gauge.
 * What is unknown has no sample.
 */
export function exportPrometheus({ status, report }: ExportDocument): string {
  const { saved, builds } = report;
  const length = (Date.parse(report.until) - Date.parse(report.since)) / 1000;
  const causes = Object.entries(saved?.byCause ?? {});
  return [
    ...(status === null ? [] : statusMetrics(status)),
    // Not its times as labels: each export would begin series of its own.
    metric('period_seconds', 'gauge', 'Length of the period.', [{ labels: {}, value: length }]),
    metric('used_bytes', 'gauge', 'WAN bytes of the period.', [
      { labels: { direction: 'receive' }, value: report.wan.rxBytes },
      { labels: { direction: 'transmit' }, value: report.wan.txBytes },
    ]),
    metric(
      'saved_bytes',
      'gauge',
      'Bytes of the period that were not downloaded, signed, by what kept them.',
      [...causes.map(([cause, value]) => ({ labels: { cause }, value }))],
    ),
    metric('saved_unknown_steps', 'gauge', 'Steps of the period that savings leave out.', [
      { labels: {}, value: saved?.unknownSteps },
    ]),
    metric('builds', 'gauge', 'Builds of the period.', [{ labels: {}, value: builds.count }]),
    metric('builds_failed', 'gauge', 'Builds of the period that failed.', [
      { labels: {}, value: builds.failed },
    ]),
  ].join('');
}

function statusMetrics({ version, startedAt, links, owners, warnings }: StatusDocument): string[] {
  const byLink = (value: (link: (typeof links)[number]) => Sample['value']): Sample[] =>
    links.map((link) => ({ labels: { link: link.name, interface: link.interface }, value: value(link) }));
  return [
    metric('info', 'gauge', 'The daemon that meters.', [{ labels: { version }, value: 1 }]),
    metric('start_time_seconds', 'gauge', 'When the daemon started.', [
      { labels: {}, value: startedAt === null ? null : Date.parse(startedAt) / 1000 },
    ]),
    metric(
      'link_receive_bytes_total',
      'counter',
      'Bytes that a link received.',
      byLink((l) => l.rxBytes),
    ),
    metric(
      'link_transmit_bytes_total',
      'counter',
      'Bytes that a link sent.',
      byLink((l) => l.txBytes),
    ),
    metric(
      'link_unattributed_bytes',
      'gauge',
      'Bytes of a link without an owner, signed.',
      byLink((l) => l.reconciliation?.unattributedBytes),
    ),
    metric(
      'link_metered',
      'gauge',
      'Whether a link is metered.',
      byLink((l) => l.metered),
    ),
    metric(
      'link_budget_bytes',
      'gauge',
      'What a link may carry in its billing cycle.',
      byLink((l) => l.budget?.limitBytes),
    ),
    metric(
      'link_budget_used_bytes',
      'gauge',
      'What a link carried in its billing cycle.',
      byLink((l) => l.budget?.usedBytes),
    ),
    metric(
      'owner_bytes_total',
      'counter',
      'Bytes by owner; build steps and pulls as one each.',
      ownerSamples(owners),
    ),
    metric('warnings_unseen', 'gauge', 'Warnings that nobody has seen.', [
      { labels: {}, value: warnings.filter(({ seen }) => !seen).length },
    ]),
  ];
}

/** Steps and pulls come by the hundred and never come back: a series for each would fill a database. */
function ownerSamples(owners: readonly StatusOwner[]): Sample[] {
  const sums = new Map<string, { labels: Record<string, string>; value: number }>();
  for (const owner of owners) {
    const { kind } = owner;
    const name = kind === 'step' || kind === 'pull' ? '' : owner.name;
    for (const type of ['wan', 'lan', 'proxy'] as const) {
      for (const direction of ['receive', 'transmit'] as const) {
        const labels = { kind, name, class: type, direction };
        const key = JSON.stringify(labels);
        const sum = sums.get(key) ?? { labels, value: 0 };
        sum.value += direction === 'receive' ? owner[type].rxBytes : owner[type].txBytes;
        sums.set(key, sum);
      }
    }
  }
  return [...sums.values()];
}

function metric(name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]): string {
  const known = samples.filter(({ value }) => value !== null && value !== undefined);
  if (known.length === 0) return '';
  const lines = known.map(({ labels, value }) => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${labelValue(text)}"`);
    return `netmeter_${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${Number(value)}\n`;
  });
  return `# HELP netmeter_${name} ${help}\n# TYPE netmeter_${name} ${type}\n${lines.join('')}`;
}

function labelValue(text: string): string {
  return escapeText(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"');
}
