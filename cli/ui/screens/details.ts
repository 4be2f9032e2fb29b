import type { StepView } from '../../../src/live/types.js';
import type { MaybeTransfer, SavingDocument, StepDocument } from '../../../src/protocol/documents.js';
import { formatBytes, formatDuration, formatTime } from '../../../src/text/figures.js';
import type { Row } from '../state/window.js';
import { bar } from '../text/columns.js';
import { formatClock, formatRate } from '../text/figures.js';
import { type Line, line, span, type Tone, wrapText } from '../text/line.js';
import type { ScreenContext } from './context.js';
import { remoteTable } from './remote-rows.js';
import { stepKey } from './step-row.js';

const LABEL = 12;

/** All that is known of one step. */
export function detailRows(context: ScreenContext): Row[] {
  const { view, ui, columns } = context;
  const found = find(context);
  if (found === undefined) {
    return asRows(
      'gone',
      wrapText('This step is not known any more. Escape leads back.', columns - 1, 'dim'),
    );
  }
  const { build, step } = found;
  const { document } = step;
  const width = columns - 1;
  const lines: Line[] = [
    ...wrapText(document.name, width, 'strong'),
    ...labelled('build', `${build.name} (${build.ref})`, width),
    ...labelled('state', stateText(step, view.at), width),
    ...labelled('started', formatTime(document.startedAt, context.timeZone), width),
    ...transferLines(document, width),
    ...(step.rate === null ? [] : labelled('rate', rateText(step), width, 'accent')),
    ...labelled('counted', countedText(document), width),
    line(''),
    ...baselineLines(document, width, context.timeZone),
    line(''),
    ...mountLines(document, width),
    ...layerLines(document, width),
  ];
  const remotes = document.remotes.length === 0 ? [] : remoteTable(document.remotes, width);
  const none = document.remotes.length === 0 ? asRows('none', [line('no remotes known', 'dim')]) : [];
  return [...asRows(`details:${ui.details}`, lines), ...remotes, ...none];
}

function find({ view, ui }: ScreenContext) {
  for (const { document: build, steps = [] } of view.builds) {
    const step = steps.find(({ document }) => stepKey(build.ref, document) === ui.details);
    if (step !== undefined) return { build, step };
  }
  return undefined;
}

function asRows(key: string, lines: readonly Line[]): Row[] {
  return lines.map((each, i) => ({ key: `${key}:${i}`, lines: [each], selectable: false }));
}

function labelled(label: string, text: string, width: number, tone: Tone = 'plain'): Line[] {
  const room = Math.max(8, width - LABEL);
  return wrapText(text, room, tone).map((each, i) => [
    span((i === 0 ? label : '').padEnd(LABEL), 'dim'),
    ...each,
  ]);
}

function stateText({ document, runsSince }: StepView, now: number): string {
  const { status, sharedWith, durationMs } = document;
  if (runsSince !== null) return `running for ${formatClock(now - runsSince)}`;
  if (status === 'shared') return `shared: build ${sharedWith ?? 'unknown'} ran it`;
  return durationMs === null ? status : `${status}, took ${formatDuration(durationMs)}`;
}

function rateText({ rate, rateIsReported }: StepView): string {
  const text = formatRate(rate ?? 0);
  return rateIsReported ? `≈${text} of compressed layers, as the engine tells` : text;
}

function countedText({ tier, attribution, link }: StepDocument): string {
  return `tier ${tier}, owner ${attribution}${link === null ? '' : `, over ${link}`}`;
}

function transferLines(document: StepDocument, width: number): Line[] {
  const text = ({ rxBytes, txBytes }: MaybeTransfer) =>
    `in ${formatBytes(rxBytes)}, out ${formatBytes(txBytes)}`;
  return (['wan', 'proxy', 'lan'] as const).flatMap((name) => labelled(name, text(document[name]), width));
}

function baselineLines(document: StepDocument, width: number, timeZone: string | undefined): Line[] {
  const { coldBytes, coldBasis, coldAt, savings, residualBytes } = document;
  const cold =
    coldBytes === null
      ? 'unknown: nothing has measured this step without caches yet'
      : `about ${formatBytes(coldBytes)}, ${coldBasis}${coldAt === null ? '' : `, of ${formatTime(coldAt, timeZone)}`}`;
  const saved =
    document.status === 'running'
      ? labelled('saved', 'known when it has ended', width, 'dim')
      : savings === null
        ? labelled('saved', 'unknown', width, 'dim')
        : savings.flatMap((saving) => labelled('saved', savingText(saving), width, 'good'));
  const residual =
    residualBytes === null || residualBytes === 0
      ? []
      : labelled('residual', `${formatBytes(residualBytes)}: noise, not a saving`, width, 'dim');
  return [...labelled('cold', cold, width), ...saved, ...residual];
}

function savingText({ cause, bytes, lowBytes, highBytes, marginalBytes, basis }: SavingDocument): string {
  const range =
    lowBytes === highBytes ? '' : `, between ${formatBytes(lowBytes)} and ${formatBytes(highBytes)}`;
  const marginal =
    marginalBytes === null ? '' : `; with today's cache mounts it would cost ${formatBytes(marginalBytes)}`;
  return `${formatBytes(bytes)} by ${cause} (${basis}${range})${marginal}`;
}

function mountLines({ cacheMounts, kind }: StepDocument, width: number): Line[] {
  if (cacheMounts.length === 0)
    return kind === 'run' ? labelled('mounts', 'no cache mount', width, 'dim') : [];
  return cacheMounts.flatMap((mount) => {
    const state =
      mount.emptyAtStart === null
        ? 'not known whether it was empty'
        : mount.emptyAtStart
          ? 'empty at start'
          : 'warm at start';
    const sizes = `${formatBytes(mount.bytesBefore)} before, ${formatBytes(mount.bytesAfter)} after`;
    const sharing = mount.sharing === null ? '' : `, ${mount.sharing}`;
    const id = mount.id === null || mount.id === mount.target ? '' : ` (id ${mount.id})`;
    return labelled('mount', `${mount.target}${id}: ${state}${sharing}; ${sizes}`, width);
  });
}

function layerLines({ layers }: StepDocument, width: number): Line[] {
  return layers.flatMap(({ id, bytes, totalBytes, fetched }) => {
    const share = totalBytes ? bytes / totalBytes : 0;
    const text = fetched
      ? `${bar(share, 10)} ${formatBytes(bytes)} of ${formatBytes(totalBytes)}`
      : `was there, ${formatBytes(totalBytes ?? bytes)}`;
    return labelled('layer', `${text}  ${id}`, width);
  });
}
