/** An export as one table: a row per link, owner, build and step. Empty cells are unknown. */
import type { BuildDocument, ExportDocument, MaybeTransfer, StepDocument } from '../protocol/documents.js';
import { escapeText } from '../text/escape.js';

const COLUMNS = [
  'record',
  'id',
  'name',
  'kind',
  'build',
  'project',
  'status',
  'startedAt',
  'completedAt',
  'link',
  'tier',
  'wanRxBytes',
  'wanTxBytes',
  'lanRxBytes',
  'lanTxBytes',
  'proxyRxBytes',
  'proxyTxBytes',
  'coldBytes',
  'coldBasis',
  'savedBytes',
] as const;

type Row = Partial<Record<(typeof COLUMNS)[number], string | number | null>>;

/** RFC 4180, with a line of names first. A link's bytes stand in the columns for wan: all that crossed it. */
export function exportCsv({ status, builds }: ExportDocument): string {
  const rows: Row[] = [
    ...(status?.links ?? []).map((link) => ({
      record: 'link',
      id: link.name,
      name: link.name,
      kind: link.interface,
      ...columnsOf('wan', link),
    })),
    ...(status?.owners ?? []).map((owner) => ({
      record: 'owner',
      id: owner.id,
      name: owner.name,
      kind: owner.kind,
      project: owner.composeProject,
      tier: owner.tier,
      ...classes(owner),
    })),
    ...builds.flatMap(({ build, steps }) => [buildRow(build), ...steps.map((step) => stepRow(build, step))]),
  ];
  return [COLUMNS.join(','), ...rows.map((row) => COLUMNS.map((name) => cell(row[name])).join(','))]
    .map((line) => `${line}\r\n`)
    .join('');
}

function buildRow(build: BuildDocument): Row {
  const { ref, name, project, status, startedAt, completedAt, link, wan, coldBytes, saved } = build;
  return {
    record: 'build',
    id: ref,
    name,
    build: ref,
    project,
    status,
    startedAt,
    completedAt,
    link,
    ...columnsOf('wan', wan),
    coldBytes,
    savedBytes: saved?.bytes ?? null,
  };
}

function stepRow({ ref, project }: BuildDocument, step: StepDocument): Row {
  const { digest, name, kind, status, startedAt, completedAt, link, tier, coldBytes, coldBasis } = step;
  return {
    record: 'step',
    id: digest,
    name,
    kind,
    build: ref,
    project,
    status,
    startedAt,
    completedAt,
    link,
    tier,
    ...classes(step),
    coldBytes,
    coldBasis,
    savedBytes: step.savings?.reduce((sum, { bytes }) => sum + bytes, 0) ?? null,
  };
}

function classes(of: Record<'wan' | 'lan' | 'proxy', MaybeTransfer>): Row {
  return { ...columnsOf('wan', of.wan), ...columnsOf('lan', of.lan), ...columnsOf('proxy', of.proxy) };
}

function columnsOf(name: 'wan' | 'lan' | 'proxy', { rxBytes, txBytes }: MaybeTransfer): Row {
  return { [`${name}RxBytes`]: rxBytes, [`${name}TxBytes`]: txBytes };
}

/** Spreadsheets run what begins like a formula: names come from Dockerfiles, and get a quote before it. */
function cell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = escapeText(value).replace(/^(?=[=+\-@])/, "'");
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
