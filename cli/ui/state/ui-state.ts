import type { PeriodName } from '../../../src/live/types.js';

export const TABS = ['builds', 'owners', 'remotes', 'caches', 'warnings'] as const;
export type TabName = (typeof TABS)[number];

export const PERIODS: readonly PeriodName[] = ['today', 'start', 'hour', 'cycle'];

/** Orders of each tab's rows; the first is how they come. */
export const SORTS: Record<TabName, readonly string[]> = {
  builds: ['time', 'bytes', 'rate'],
  owners: ['bytes', 'rate', 'name'],
  remotes: ['bytes', 'name', 'owners'],
  caches: ['use', 'size', 'saved'],
  warnings: ['time'],
};

/** What the person in front of the screen has chosen. */
export interface UiState {
  tab: TabName;
  /** Key of the selected row; undefined before one was. */
  cursors: Readonly<Partial<Record<TabName, string>>>;
  /** The running step is kept in sight until a row is selected. */
  follow: boolean;
  sorts: Readonly<Record<TabName, number>>;
  filters: Readonly<Partial<Record<TabName, string>>>;
  /** The filter is being typed. */
  isTyping: boolean;
  /** Builds whose steps are not as they come: shown for the current ones, else not. */
  toggled: ReadonlySet<string>;
  showInternal: boolean;
  /** Key of the step whose details are shown, and how far they are scrolled. */
  details: string | undefined;
  scroll: number;
  help: boolean;
  paused: boolean;
  period: PeriodName;
}

export function initialState(): UiState {
  return {
    tab: 'builds',
    cursors: {},
    follow: true,
    sorts: { builds: 0, owners: 0, remotes: 0, caches: 0, warnings: 0 },
    filters: {},
    isTyping: false,
    toggled: new Set(),
    showInternal: false,
    details: undefined,
    scroll: 0,
    help: false,
    paused: false,
    period: 'today',
  };
}

/** Help and details take the list's place. */
export function isPanel({ help, details }: UiState): boolean {
  return help || details !== undefined;
}

export function sortOf(state: UiState, tab: TabName = state.tab): string {
  const sorts = SORTS[tab];
  return sorts[state.sorts[tab] % sorts.length] ?? '';
}

export function filterOf(state: UiState): string {
  return (state.filters[state.tab] ?? '').toLowerCase();
}

/** Whether one of the texts has the filter's in it. */
export function matches(filter: string, ...texts: (string | null)[]): boolean {
  return filter === '' || texts.some((text) => text?.toLowerCase().includes(filter));
}
