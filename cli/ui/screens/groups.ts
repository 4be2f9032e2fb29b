import type { GroupName, GroupView, OwnerView } from '../../../src/live/types.js';
import { escapeText } from '../../../src/text/escape.js';
import { formatBytes } from '../../../src/text/figures.js';
import { cutToWidth } from '../../../src/text/width.js';
import { totalBytes } from '../../../src/units.js';
import { type Column, cellsLine, chooseColumns } from '../text/columns.js';
import { formatRate } from '../text/figures.js';
import { type Line, packed, span } from '../text/line.js';
import type { ScreenContext } from './context.js';

type GroupColumn = 'name' | 'wan' | 'rate' | 'members';

const COLUMNS: readonly Column<GroupColumn>[] = [
  { key: 'name', title: '', width: 12, rank: 0 },
  { key: 'wan', title: '', width: 8, align: 'right', rank: 0 },
  { key: 'rate', title: '', width: 9, align: 'right', rank: 1 },
  { key: 'members', title: '', width: 12, rank: 2, flexible: true },
];

const TITLES: Record<GroupName, string> = {
  steps: 'build steps',
  containers: 'containers',
  engine: 'engine,pulls',
  proxies: 'proxies',
  rest: 'the rest',
};

const MOST_NAMED = 6;
const LONGEST_NAME = 28;
const LOW_TERMINAL = 16;

/** Whose bytes the link carried in the period: six parts that add up to all of it. */
export function groupLines(context: ScreenContext): Line[] {
  const { view, columns, rows } = context;
  if (rows < LOW_TERMINAL) return [shortLine(context)];
  const chosen = chooseColumns(COLUMNS, columns);
  const lines = view.groups.map((group) =>
    cellsLine(chosen, ({ key }) => {
      switch (key) {
        case 'name':
          return span(TITLES[group.name]);
        case 'wan':
          return span(formatBytes(group.wanBytes), group.wanBytes === 0 ? 'dim' : 'plain');
        case 'rate':
          return group.rate > 0 ? span(formatRate(group.rate), 'accent') : span('');
        case 'members':
          return span(membersText(group), 'dim');
      }
    }),
  );
  return [...lines, unattributedLine(context, chosen)];
}

function unattributedLine({ view }: ScreenContext, chosen: readonly Column<GroupColumn>[]): Line {
  const rest = view.unattributed;
  return cellsLine(chosen, ({ key }) => {
    if (key === 'name') return span('unattributed');
    if (key === 'wan') return span(formatBytes(rest?.bytes ?? null), rest === null ? 'dim' : 'plain');
    if (key !== 'members' || rest === null) return undefined;
    const share = rest.linkBytes === 0 ? 0 : rest.bytes / rest.linkBytes;
    return span(`${(100 * share).toFixed(3)} % of ${formatBytes(rest.linkBytes)} on the link`, 'dim');
  });
}

/** The busiest now first, then those with the most bytes. */
function membersText({ owners }: GroupView): string {
  const rate = ({ rate: { rx, tx } }: OwnerView) => rx + tx;
  const moved = owners.filter((owner) => totalBytes(owner.wan) > 0 || rate(owner) > 0);
  const shown = moved.toSorted((a, b) => rate(b) - rate(a) || totalBytes(b.wan) - totalBytes(a.wan));
  const named = shown.slice(0, MOST_NAMED).map((owner) => {
    const now = rate(owner) > 0 ? ` ${formatRate(rate(owner))}` : '';
    return `${cutToWidth(escapeText(owner.name), LONGEST_NAME)} ${formatBytes(totalBytes(owner.wan))}${now}`;
  });
  const more = moved.length > MOST_NAMED ? [`${moved.length - MOST_NAMED} more`] : [];
  return [...named, ...more].join(', ');
}

function shortLine({ view, columns }: ScreenContext): Line {
  const segments = view.groups
    .filter(({ wanBytes, rate }) => wanBytes > 0 || rate > 0)
    .map(({ name, wanBytes }, i) => ({
      line: [span(`${TITLES[name]} `, 'dim'), span(formatBytes(wanBytes))],
      rank: i + 1,
    }));
  const rest = [span('unattributed ', 'dim'), span(formatBytes(view.unattributed?.bytes ?? null))];
  return packed([{ line: rest, rank: 0 }, ...segments], columns, ' · ');
}
