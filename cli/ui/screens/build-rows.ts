import type { BuildView, StepView } from '../../../src/live/types.js';
import type { BuildDocument } from '../../../src/protocol/documents.js';
import { formatBytes, formatDuration, sumOf } from '../../../src/text/figures.js';
import { filterOf, matches, sortOf } from '../state/ui-state.js';
import type { Row } from '../state/window.js';
import { chooseColumns, titleLine } from '../text/columns.js';
import { formatClock, formatRate, formatTimeOfDay } from '../text/figures.js';
import { type Line, line, packed, type Segment, span, type Tone, wrapText } from '../text/line.js';
import type { ScreenContext } from './context.js';
import { STEP_COLUMNS, stepRow } from './step-row.js';

const STATUS_TONES: Record<NonNullable<BuildDocument['status']>, Tone> = {
  running: 'accent',
  completed: 'good',
  failed: 'bad',
  canceled: 'warn',
};

export function buildKey(ref: string): string {
  return `build:${ref}`;
}

/** Builds that run and the one that ended just now with their steps, and those of before, which unfold. */
export function buildRows(context: ScreenContext): Row[] {
  const { view, ui, columns } = context;
  const filter = filterOf(ui);
  const chosen = chooseColumns(STEP_COLUMNS, columns - 1);
  const rows: Row[] = [];
  for (const build of view.builds) {
    const { ref, name, project } = build.document;
    const key = buildKey(ref);
    const steps = (build.steps ?? []).filter((step) => isShown(step, ui.showInternal));
    const found = steps.filter(({ document }) => matches(filter, document.name));
    const isFound = matches(filter, name, ref, project);
    if (!isFound && found.length === 0) continue;
    const isOpen = build.isCurrent !== ui.toggled.has(key);
    rows.push({ key, lines: [buildLine(build, isOpen, context)], selectable: true, isHeading: isOpen });
    if (!isOpen) continue;
    if (build.steps === undefined) {
      rows.push(remark(`${key}:asking`, '  its steps are being asked for'));
      continue;
    }
    rows.push({ key: `${key}:titles`, lines: [titleLine(chosen)], selectable: false });
    for (const step of sorted(filter === '' || isFound ? steps : found, sortOf(ui, 'builds'))) {
      rows.push(stepRow(ref, step, chosen, view.at, columns - 1));
    }
  }
  return rows.length > 0 ? rows : nothing(filter, columns);
}

/** The step that is worked on: of several the one that began last. */
export function followedStep({
  view,
}: Pick<ScreenContext, 'view'>): { ref: string; step: StepView } | undefined {
  let latest: { ref: string; step: StepView } | undefined;
  for (const { document, steps = [] } of view.builds) {
    if (document.status !== 'running') continue;
    for (const step of steps) {
      if (step.runsSince === null || !isShown(step, false)) continue;
      if (latest === undefined || step.runsSince >= (latest.step.runsSince ?? 0)) {
        latest = { ref: document.ref, step };
      }
    }
  }
  return latest;
}

/** BuildKit's own work is shown when it fails, or moves bytes. */
function isShown({ document }: StepView, withInternal: boolean): boolean {
  if (withInternal || document.kind !== 'internal') return true;
  return document.status === 'failed' || sumOf(document.wan) !== 0;
}

function sorted(steps: StepView[], order: string): StepView[] {
  if (order === 'bytes') {
    return steps.toSorted((a, b) => (sumOf(b.document.wan) ?? 0) - (sumOf(a.document.wan) ?? 0));
  }
  return order === 'rate' ? steps.toSorted((a, b) => (b.rate ?? -1) - (a.rate ?? -1)) : steps;
}

function buildLine({ document, rate }: BuildView, isOpen: boolean, context: ScreenContext): Line {
  const { view, columns, timeZone } = context;
  const { status, name, steps, cachedSteps, startedAt, completedAt, wan, coldBytes } = document;
  const isRunning = status === 'running';
  // A record that was imported may not say when it ran, or how it ended.
  const began = startedAt === null ? null : Date.parse(startedAt);
  const tone = status === null ? 'dim' : STATUS_TONES[status];
  const took = isRunning
    ? formatClock(view.at - (began ?? view.at))
    : formatDuration(completedAt === null || began === null ? null : Date.parse(completedAt) - began);
  const segments: Segment[] = [
    { line: [span(`${isOpen ? '▾' : '▸'} `, 'dim'), span(name, 'strong')], rank: 0 },
    { line: [span(`${status ?? 'unknown'} `, tone), span(took, tone)], rank: 1 },
    {
      line: isRunning || startedAt === null ? [] : line(formatTimeOfDay(startedAt, timeZone), 'dim'),
      rank: 6,
    },
    { line: line(`${steps} steps, ${cachedSteps} cached`), rank: 5 },
    { line: [span('WAN '), span(formatBytes(sumOf(wan)), 'strong')], rank: 0 },
    { line: isRunning ? line(formatRate(rate.rx + rate.tx), 'accent') : [], rank: 2 },
    { line: line(`cold ${coldBytes === null ? 'unknown' : `≈${formatBytes(coldBytes)}`}`), rank: 4 },
    { line: savedLine(document), rank: 3 },
    { line: besideLine(document), rank: 7 },
  ];
  return packed(segments, columns - 1);
}

function savedLine({ saved, status }: BuildDocument): Line {
  const label = status === 'running' ? 'saved so far' : 'saved';
  if (saved === null) return line(`${label} unknown`, 'dim');
  const tone = saved.headlineBytes < 0 ? 'bad' : 'good';
  return [span(`${label} `), span(formatBytes(saved.headlineBytes), tone)];
}

/** What stands beside the headline: fifty cached builds save fifty times what one costs. */
function besideLine({ saved }: BuildDocument): Line {
  if (saved === null) return [];
  const others = saved.bytes - saved.headlineBytes;
  const parts = [
    ...(others === 0 ? [] : [`+ ${formatBytes(others)} layers, images`]),
    ...(saved.unknownSteps === 0 ? [] : [`${saved.unknownSteps} steps unknown`]),
  ];
  return parts.length === 0 ? [] : line(parts.join(', '), 'dim');
}

function nothing(filter: string, columns: number): Row[] {
  const text =
    filter === ''
      ? 'No builds yet. Start one as always (docker build, Compose, a Dev Container): it appears by itself.'
      : 'No build or step has that in its name.';
  return [{ key: 'nothing', lines: wrapText(text, columns - 1, 'dim'), selectable: false }];
}

function remark(key: string, text: string): Row {
  return { key, lines: [line(text, 'dim')], selectable: false };
}
