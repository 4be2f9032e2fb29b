import type { RemotesDocument } from '../../../src/protocol/documents.js';
import { formatBytes } from '../../../src/text/figures.js';
import { filterOf, matches, sortOf } from '../state/ui-state.js';
import type { Row } from '../state/window.js';
import { type Column, cellsLine, chooseColumns, titleLine } from '../text/columns.js';
import { line, type Span, span } from '../text/line.js';
import type { ScreenContext } from './context.js';

type Remote = Pick<
  RemotesDocument['remotes'][number],
  'address' | 'name' | 'nameSource' | 'port' | 'protocol' | 'class' | 'rxBytes' | 'txBytes'
> & { owners?: number };
type RemoteColumn = 'name' | 'address' | 'port' | 'class' | 'in' | 'out' | 'owners';

const COLUMNS: readonly Column<RemoteColumn>[] = [
  { key: 'name', title: 'REMOTE', width: 10, rank: 0, flexible: true },
  { key: 'address', title: 'ADDRESS', width: 16, rank: 6 },
  { key: 'port', title: 'PORT', width: 9, rank: 3 },
  { key: 'class', title: 'CLASS', width: 5, rank: 4 },
  { key: 'in', title: 'IN', width: 8, align: 'right', rank: 0 },
  { key: 'out', title: 'OUT', width: 8, align: 'right', rank: 2 },
  { key: 'owners', title: 'OWNERS', width: 6, align: 'right', rank: 5 },
];

/** Whom bytes came from and went to in the period. */
export function remoteRows({ view, ui, columns }: ScreenContext): Row[] {
  if (view.remotes === null) {
    return [{ key: 'asking', lines: [line('The daemon is being asked.', 'dim')], selectable: false }];
  }
  const filter = filterOf(ui);
  const found = view.remotes.filter(({ name, address }) => matches(filter, name, address));
  const order = sortOf(ui, 'remotes');
  const sorted =
    order === 'name'
      ? found.toSorted((a, b) => (label(a) < label(b) ? -1 : 1))
      : order === 'owners'
        ? found.toSorted((a, b) => b.owners - a.owners)
        : found;
  return remoteTable(sorted, columns - 1);
}

/** A table of remotes as rows, its titles first. */
export function remoteTable(remotes: readonly Remote[], width: number): Row[] {
  const wanted = COLUMNS.filter(
    ({ key }) => key !== 'owners' || remotes.some((it) => it.owners !== undefined),
  );
  const chosen = chooseColumns(wanted, width);
  const rows = remotes.map((remote): Row => {
    const cells = cellsLine(chosen, ({ key }) => remoteCell(key, remote));
    const key = `${remote.address} ${remote.port} ${remote.protocol} ${remote.class}`;
    return { key, lines: [cells], selectable: true };
  });
  return [{ key: 'titles', lines: [titleLine(chosen)], selectable: false }, ...rows];
}

function remoteCell(key: RemoteColumn, remote: Remote): Span {
  switch (key) {
    case 'name':
      return span(label(remote));
    case 'address':
      return span(remote.name === null ? '' : remote.address, 'dim');
    case 'port':
      return span(`${remote.port ?? 'any'}/${remote.protocol}`, 'dim');
    case 'class':
      return span(remote.class, 'dim');
    case 'in':
      return span(formatBytes(remote.rxBytes));
    case 'out':
      return span(formatBytes(remote.txBytes));
    case 'owners':
      return span(String(remote.owners ?? ''), 'dim');
  }
}

/** With a question mark: meant by the step's own words, and not heard. */
function label({ name, nameSource, address }: Remote): string {
  if (name === null) return address === '' ? 'not known (any more)' : address;
  return nameSource === 'instruction' ? `${name}?` : name;
}
