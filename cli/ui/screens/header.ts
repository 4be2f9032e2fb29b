import type { LinkView } from '../../../src/live/types.js';
import { formatBytes, formatTime } from '../../../src/text/figures.js';
import { TABS } from '../state/ui-state.js';
import { formatPercent, formatRate } from '../text/figures.js';
import { type Line, lineWidth, packed, type Segment, type Span, span, type Tone } from '../text/line.js';
import { sparkline } from '../text/sparkline.js';
import type { ScreenContext } from './context.js';

const MOST_SPARKS = 60;
const COMFORTABLE_SPARKS = 24;
const LEAST_SPARKS = 5;
/** Below this the link's kind stands on the second line. */
const NARROW = 36;
/** Below this a budget is told in short. */
const MEDIUM = 60;
const MOST_LINKS = 3;
const NEARLY_USED = 0.8;

/** The links, what they are and what they carry now; today and the budget below each that has one. */
export function linkLines({ view, columns, rows, timeZone }: ScreenContext): Line[] {
  if (view.links.length === 0) return [[span('no link has carried anything yet', 'dim')]];
  const shown = view.links.slice(0, rows < 20 ? 1 : MOST_LINKS);
  return shown.flatMap((link, i) => {
    const isWorthIt = i === 0 || link.budget !== null;
    return [rateLine(link, columns), ...(isWorthIt ? [usedLine(link, columns, timeZone)] : [])];
  });
}

function rateLine(link: LinkView, width: number): Line {
  const segments: Segment[] = [
    { line: [span(link.name, 'strong')], rank: 0 },
    { line: width < NARROW ? [] : [meteredSpan(link.metered)], rank: 1 },
    { line: [span(`↓ ${formatRate(link.rate.rx)}`, link.rate.rx > 0 ? 'accent' : 'plain')], rank: 0 },
    { line: [span(`↑ ${formatRate(link.rate.tx)}`)], rank: 2 },
  ];
  const text = packed(segments, width);
  const why = link.because === null ? [] : [span('  '), span(`(${link.because})`, 'dim')];
  const room = width - lineWidth(text) - 2;
  if (room < LEAST_SPARKS) return text;
  const sparks = Math.min(MOST_SPARKS, Math.max(COMFORTABLE_SPARKS, room - lineWidth(why)));
  const line = [...text, span('  '), span(sparkline(link.history.slice(-Math.min(sparks, room))), 'accent')];
  return lineWidth(line) + lineWidth(why) <= width ? [...line, ...why] : line;
}

function meteredSpan(metered: boolean | null): Span {
  if (metered === null) return span('metered?', 'dim');
  return metered ? span('METERED', 'warn') : span('not metered', 'good');
}

function usedLine(link: LinkView, width: number, timeZone: string | undefined): Line {
  const segments: Segment[] = width < NARROW ? [{ line: [meteredSpan(link.metered)], rank: 0 }] : [];
  if (link.todayBytes !== null) {
    const rank = width < NARROW ? 1 : 0;
    segments.push({ line: [span('today '), span(formatBytes(link.todayBytes), 'strong')], rank });
  }
  if (link.budget !== null) segments.push(...budgetSegments(link.budget, width, timeZone));
  else segments.push({ line: [span('no budget', 'dim')], rank: 3 });
  return packed(segments, width, ' · ');
}

function budgetSegments(
  budget: NonNullable<LinkView['budget']>,
  width: number,
  timeZone: string | undefined,
): Segment[] {
  const { limitBytes, usedBytes, cycleEnd, forecastBytes, runsOutAt } = budget;
  const share = limitBytes > 0 ? usedBytes / limitBytes : 1;
  const tone: Tone = share >= 1 ? 'bad' : share >= NEARLY_USED ? 'warn' : 'good';
  const day = (isoTime: string) => formatTime(isoTime, timeZone).slice(5, 10);
  const percent = formatPercent(share);
  const limit = formatBytes(limitBytes);
  const used =
    width < NARROW
      ? `${percent} used`
      : width < MEDIUM
        ? `${percent} of ${limit}`
        : `cycle ${formatBytes(usedBytes)} of ${limit} (${percent})`;
  return [
    { line: [span(used, tone)], rank: 0 },
    { line: [forecastSpan(forecastBytes, limitBytes)], rank: 2 },
    { line: runsOutAt === null ? [] : [span(`used up on ${day(runsOutAt)}`, 'bad')], rank: 5 },
    { line: [span(`cycle ends ${day(cycleEnd)}`, 'dim')], rank: 6 },
  ];
}

function forecastSpan(forecastBytes: number | null, limitBytes: number) {
  if (forecastBytes === null) return span('forecast unknown', 'dim');
  const over = forecastBytes - limitBytes;
  const text = `forecast ${formatBytes(forecastBytes)}`;
  return over > 0 ? span(`${text}, ${formatBytes(over)} over`, 'bad') : span(text, 'good');
}

function savedSegments(saved: ScreenContext['view']['savedToday']): Segment[] {
  if (saved === null) return [{ line: [span('saved today: unknown', 'dim')], rank: 8 }];
  return [
    { line: [span('saved today '), span(formatBytes(saved.headlineBytes), 'good')], rank: 4 },
    { line: saved.unknownSteps > 0 ? [span(`+ ${saved.unknownSteps} unknown`, 'dim')] : [], rank: 9 },
  ];
}

/** The tabs, the one that is shown marked; beside them what caches and proxies saved today. */
export function tabsLine({ view, ui, columns }: ScreenContext): Line {
  const names = TABS.map((tab, i): Segment => {
    const count = tab === 'warnings' && view.warnings.length > 0 ? ` ${view.warnings.length}` : '';
    const title = tab.charAt(0).toUpperCase() + tab.slice(1);
    const isShown = tab === ui.tab;
    const tone: Tone = isShown ? 'selected' : count === '' ? 'plain' : 'warn';
    const text = `${i + 1} ${title}${count}`;
    return { line: [span(isShown ? `[${text}]` : ` ${text} `, tone)], rank: isShown ? 0 : i + 3 };
  });
  return packed([...names, ...savedSegments(view.savedToday)], columns, ' ');
}
