import type { OwnerView } from '../../../src/live/types.js';
import { formatBytes } from '../../../src/text/figures.js';
import { totalBytes } from '../../../src/units.js';
import { filterOf, matches, sortOf } from '../state/ui-state.js';
import type { Row } from '../state/window.js';
import { type Column, cellsLine, chooseColumns, titleLine } from '../text/columns.js';
import { formatRate } from '../text/figures.js';
import { line, type Span, span } from '../text/line.js';
import type { ScreenContext } from './context.js';

type OwnerColumn = 'kind' | 'name' | 'in' | 'out' | 'lan' | 'proxy' | 'rate' | 'tier';

const COLUMNS: readonly Column<OwnerColumn>[] = [
  { key: 'kind', title: 'KIND', width: 9, rank: 4 },
  { key: 'name', title: 'OWNER', width: 9, rank: 0, flexible: true },
  { key: 'in', title: 'WAN IN', width: 8, align: 'right', rank: 0 },
  { key: 'out', title: 'WAN OUT', width: 8, align: 'right', rank: 2 },
  { key: 'lan', title: 'LAN', width: 7, align: 'right', rank: 6 },
  { key: 'proxy', title: 'PROXY', width: 7, align: 'right', rank: 5 },
  { key: 'rate', title: 'RATE', width: 9, align: 'right', rank: 1 },
  { key: 'tier', title: 'TIER', width: 8, rank: 7 },
];

/** Everybody who moved bytes in the period, and what is left without an owner. */
export function ownerRows({ view, ui, columns }: ScreenContext): Row[] {
  const chosen = chooseColumns(COLUMNS, columns - 1);
  const filter = filterOf(ui);
  const found = view.owners.filter(({ name, kind, id }) => matches(filter, name, kind, id));
  const rows = relaysLast(sorted(found, sortOf(ui, 'owners'))).map((owner): Row => {
    const cells = cellsLine(chosen, ({ key }) => ownerCell(key, owner));
    return { key: owner.id, lines: [cells], selectable: true };
  });
  const rest = unattributedRow(view.unattributed?.bytes ?? null, chosen);
  return [{ key: 'titles', lines: [titleLine(chosen)], selectable: false }, ...rows, rest];
}

function ownerCell(key: OwnerColumn, owner: OwnerView): Span {
  const rate = owner.rate.rx + owner.rate.tx;
  switch (key) {
    case 'kind':
      return span(owner.kind, 'dim');
    case 'name':
      return owner.kind === 'relay'
        ? span(`${owner.name} (carries bytes of others)`, 'dim')
        : span(owner.name);
    case 'in':
      return span(formatBytes(owner.wan.rxBytes));
    case 'out':
      return span(formatBytes(owner.wan.txBytes));
    case 'lan':
    case 'proxy':
      return span(formatBytes(totalBytes(owner[key])), 'dim');
    case 'rate':
      return rate > 0 ? span(formatRate(rate), 'accent') : span('');
    case 'tier':
      return span(owner.tier ?? '', 'dim');
  }
}

function unattributedRow(bytes: number | null, columns: readonly Column<OwnerColumn>[]): Row {
  const cells = cellsLine(columns, ({ key }) => {
    if (key === 'name') return span('unattributed', 'warn');
    return key === 'in' ? span(formatBytes(bytes), 'warn') : span('');
  });
  return { key: 'unattributed', lines: [line(''), cells], selectable: true };
}

function sorted(owners: OwnerView[], order: string): OwnerView[] {
  const rate = ({ rate: { rx, tx } }: OwnerView) => rx + tx;
  if (order === 'rate') return owners.toSorted((a, b) => rate(b) - rate(a));
  return order === 'name' ? owners.toSorted((a, b) => (a.name < b.name ? -1 : 1)) : owners;
}

/** What a relay carries is somebody else's already: it is no part of the sum. */
function relaysLast(owners: OwnerView[]): OwnerView[] {
  return owners.toSorted((a, b) => Number(a.kind === 'relay') - Number(b.kind === 'relay'));
}
