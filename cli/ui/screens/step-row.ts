import type { StepView } from '../../../src/live/types.js';
import type { StepDocument } from '../../../src/protocol/documents.js';
import { formatBytes, formatDuration, sumOf } from '../../../src/text/figures.js';
import type { Row } from '../state/window.js';
import { bar, type Column, cellsLine, hasColumn } from '../text/columns.js';
import { formatClock, formatRate, savedBy } from '../text/figures.js';
import { cutLine, type Line, type Span, span, type Tone } from '../text/line.js';

export type StepColumn =
  | 'state'
  | 'name'
  | 'wan'
  | 'rate'
  | 'proxy'
  | 'lan'
  | 'cold'
  | 'saved'
  | 'time'
  | 'cache';

/** In the order in which they stand; ranks say what a narrow terminal does without. */
export const STEP_COLUMNS: readonly Column<StepColumn>[] = [
  { key: 'state', title: '', width: 1, rank: 0 },
  { key: 'name', title: 'STEP', width: 9, rank: 0, flexible: true, comfortable: nameWidth },
  { key: 'time', title: 'TIME', width: 7, align: 'right', rank: 4 },
  { key: 'wan', title: 'WAN', width: 7, align: 'right', rank: 0 },
  { key: 'proxy', title: 'PROXY', width: 7, align: 'right', rank: 8 },
  { key: 'lan', title: 'LAN', width: 7, align: 'right', rank: 9 },
  { key: 'rate', title: 'RATE', width: 9, align: 'right', rank: 1 },
  { key: 'cold', title: 'COLD', width: 8, align: 'right', rank: 3 },
  { key: 'saved', title: 'SAVED', width: 8, align: 'right', rank: 2 },
  { key: 'cache', title: 'CACHE MOUNT', width: 18, rank: 10 },
];

/** A step is known by its name: what not everybody asks for has to wait until that can be read. */
function nameWidth(rank: number): number {
  return rank >= 8 ? 26 : rank >= 3 ? 18 : 9;
}

const STATES: Record<StepDocument['status'], [sign: string, tone: Tone]> = {
  running: ['▶', 'accent'],
  done: ['✓', 'good'],
  cached: ['●', 'dim'],
  failed: ['✗', 'bad'],
  canceled: ['⊘', 'warn'],
  shared: ['⇄', 'dim'],
};

const MOST_LAYERS = 4;
const BAR = 12;
const INDENT = '    ';

export function stepKey(ref: string, { digest }: StepDocument): string {
  return `step:${ref}/${digest}`;
}

/** One line, and for a step that runs what the columns have no room for. */
export function stepRow(
  ref: string,
  step: StepView,
  columns: readonly Column<StepColumn>[],
  now: number,
  width: number,
): Row {
  const first = () => cellsLine(columns, ({ key }) => stepCell(key, step, now));
  const row = { key: stepKey(ref, step.document), selectable: true };
  if (step.document.status === 'running')
    return { ...row, lines: [first(), ...moreLines(step, columns, width)] };
  return {
    ...row,
    height: 1,
    get lines() {
      return [first()];
    },
  };
}

function stepCell(
  key: StepColumn,
  { document, rate, rateIsReported, runsSince }: StepView,
  now: number,
): Span {
  const isQuiet = document.status === 'cached' || document.status === 'shared';
  switch (key) {
    case 'state':
      return span(...STATES[document.status]);
    case 'name':
      return span(shortName(document.name), isQuiet ? 'dim' : document.status === 'failed' ? 'bad' : 'plain');
    case 'time':
      if (runsSince !== null) return span(formatClock(now - runsSince), 'accent');
      return span(document.durationMs === null ? '' : formatDuration(document.durationMs), 'dim');
    case 'wan':
    case 'proxy':
    case 'lan':
      return bytesSpan(sumOf(document[key]), isQuiet);
    case 'rate':
      return rate === null ? span('') : span(`${rateIsReported ? '≈' : ''}${formatRate(rate)}`, 'accent');
    case 'cold':
      return coldSpan(document);
    case 'saved':
      return savedSpan(document);
    case 'cache':
      return span(document.cacheMounts.map(mountText).join(', '), 'dim');
  }
}

function bytesSpan(bytes: number | null, isQuiet: boolean): Span {
  if (bytes === 0) return span('-', 'dim');
  return span(formatBytes(bytes), isQuiet || bytes === null ? 'dim' : 'plain');
}

/** What it would have cost cold, for steps that may cost something. */
function coldSpan({ coldBytes, kind, status }: StepDocument): Span {
  const mayCost = kind === 'run' || kind === 'from' || kind === 'add' || kind === 'git';
  if (coldBytes === null) return span(mayCost && status !== 'shared' ? 'unknown' : '', 'dim');
  return coldBytes === 0 ? span('-', 'dim') : span(`≈${formatBytes(coldBytes)}`);
}

/** Nothing while it runs: a saving that shrinks is none. */
function savedSpan(step: StepDocument): Span {
  if (step.status === 'running') return span('', 'dim');
  const saved = savedBy(step);
  const mayCost = ['run', 'from', 'add', 'git'].includes(step.kind);
  if (saved === null) return span(mayCost ? 'unknown' : '', 'dim');
  if (saved === 0) return span('-', 'dim');
  return span(formatBytes(saved), saved < 0 ? 'bad' : 'good');
}

/** The name without what a row has no room for: options of RUN, Docker Hub's own prefix, most of a digest. */
function shortName(name: string): string {
  return name
    .replace(/\bRUN(?: --(?:mount|network|security)=\S+)+/, 'RUN')
    .replace('docker.io/library/', '')
    .replace(/(@sha256:[0-9a-f]{6})[0-9a-f]+/, '$1…');
}

export function mountText({ id, target, emptyAtStart }: StepDocument['cacheMounts'][number]): string {
  const state = emptyAtStart === null ? '' : emptyAtStart ? 'empty ' : 'warm ';
  return `${state}${id ?? target}`;
}

function moreLines({ document }: StepView, columns: readonly Column<StepColumn>[], width: number): Line[] {
  const parts: Span[] = [];
  const add = (text: string, tone: Tone = 'dim') => {
    parts.push(span(parts.length === 0 ? INDENT : ' · ', 'dim'), span(text, tone));
  };
  for (const name of ['proxy', 'lan'] as const) {
    const bytes = sumOf(document[name]);
    if (!hasColumn(columns, name) && bytes !== 0) add(`${name} ${formatBytes(bytes)}`);
  }
  if (!hasColumn(columns, 'cold') && document.coldBytes !== null) {
    add(`cold: about ${formatBytes(document.coldBytes)}`);
  }
  if (!hasColumn(columns, 'cache')) {
    for (const mount of document.cacheMounts) add(`cache ${mountText(mount)}`);
  }
  const lines = parts.length === 0 ? [] : [cutLine(parts, width)];
  return [...lines, ...layerLines(document, width)];
}

/** Layers on their way, each with its progress; of more than a few, the rest in one line. */
function layerLines({ layers }: StepDocument, width: number): Line[] {
  const moving = layers.filter(
    ({ fetched, bytes, totalBytes }) => fetched && (totalBytes === null || bytes < totalBytes),
  );
  const shown = moving.slice(0, MOST_LAYERS);
  const lines = shown.map((layer) => {
    const share = layer.totalBytes ? layer.bytes / layer.totalBytes : 0;
    const total = layer.totalBytes === null ? '' : ` of ${formatBytes(layer.totalBytes)}`;
    const spans = [
      span(INDENT),
      span(bar(share, width < 50 ? BAR / 2 : BAR), 'accent'),
      span(` ${formatBytes(layer.bytes)}${total}  `),
      span(layer.id.slice(0, 19), 'dim'),
    ];
    return cutLine(spans, width);
  });
  const done = layers.filter(({ fetched, bytes, totalBytes }) => fetched && bytes === totalBytes).length;
  const there = layers.filter(({ fetched }) => !fetched).length;
  if (moving.length === 0) return lines;
  const rest = [
    ...(moving.length > shown.length ? [`${moving.length - shown.length} more on their way`] : []),
    ...(done > 0 ? [`${done} fetched`] : []),
    ...(there > 0 ? [`${there} were there`] : []),
  ];
  return rest.length === 0 ? lines : [...lines, cutLine([span(INDENT + rest.join(', '), 'dim')], width)];
}
