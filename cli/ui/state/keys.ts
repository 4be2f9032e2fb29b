import type { PeriodName } from '../../../src/live/types.js';
import { isPanel, PERIODS, SORTS, TABS, type TabName, type UiState } from './ui-state.js';

/** A key as it was pressed: its name, or the character that was typed. */
export interface Press {
  name:
    | 'up'
    | 'down'
    | 'left'
    | 'right'
    | 'page-up'
    | 'page-down'
    | 'home'
    | 'end'
    | 'enter'
    | 'escape'
    | 'tab'
    | 'back-tab'
    | 'backspace'
    | 'text';
  text: string;
}

/** What is on the screen when a key is pressed. */
export interface Scene {
  /** Keys of the rows that can be selected, in their order. */
  rows: readonly string[];
  /** The one that is, chosen or followed. */
  selected: string | undefined;
  /** Rows that fit. */
  page: number;
  periods: readonly PeriodName[];
}

/** The state after a key; the same one when the key means nothing. */
export function pressed(state: UiState, press: Press, scene: Scene): UiState {
  if (state.isTyping) return typed(state, press);
  if (isPanel(state)) return inPanel(state, press, scene);
  switch (press.name) {
    case 'up':
      return moved(state, scene, -1);
    case 'down':
      return moved(state, scene, 1);
    case 'page-up':
      return moved(state, scene, -scene.page);
    case 'page-down':
      return moved(state, scene, scene.page);
    case 'home':
      return moved(state, scene, Number.NEGATIVE_INFINITY);
    case 'end':
      return moved(state, scene, Number.POSITIVE_INFINITY);
    case 'tab':
    case 'right':
      return onTab(state, neighbour(state.tab, 1));
    case 'back-tab':
    case 'left':
      return onTab(state, neighbour(state.tab, -1));
    case 'enter':
      return opened(state, scene);
    case 'escape':
      return { ...state, filters: { ...state.filters, [state.tab]: '' } };
    case 'text':
      return letterPressed(state, press.text, scene);
    default:
      return state;
  }
}

function letterPressed(state: UiState, letter: string, scene: Scene): UiState {
  const tab = TABS[Number(letter) - 1];
  if (tab !== undefined) return onTab(state, tab);
  switch (letter) {
    case 'k':
      return moved(state, scene, -1);
    case 'j':
      return moved(state, scene, 1);
    case 'g':
      return moved(state, scene, Number.NEGATIVE_INFINITY);
    case 'G':
      return moved(state, scene, Number.POSITIVE_INFINITY);
    case 's':
      return { ...state, sorts: { ...state.sorts, [state.tab]: nextSort(state) } };
    case '/':
      return { ...state, isTyping: true };
    case 'f':
      return { ...state, follow: true, cursors: { ...state.cursors, builds: undefined! } };
    case 'i':
      return { ...state, showInternal: !state.showInternal };
    case ' ':
      return { ...state, paused: !state.paused };
    case 'p':
      return { ...state, period: nextPeriod(state.period, scene.periods) };
    case '?':
    case 'h':
      return { ...state, help: true, scroll: 0 };
    default:
      return state;
  }
}

function typed(state: UiState, press: Press): UiState {
  const filter = state.filters[state.tab] ?? '';
  const withFilter = (text: string) => ({ ...state, filters: { ...state.filters, [state.tab]: text } });
  switch (press.name) {
    case 'enter':
      return { ...state, isTyping: false };
    case 'escape':
      return { ...withFilter(''), isTyping: false };
    case 'backspace':
      return withFilter([...filter].slice(0, -1).join(''));
    case 'text':
      return withFilter((filter + press.text).slice(0, 100));
    default:
      return state;
  }
}

/** Help and details: scrolled, and left. */
function inPanel(state: UiState, { name, text }: Press, { page }: Scene): UiState {
  const scrolled = (by: number) => ({ ...state, scroll: Math.max(0, state.scroll + by) });
  if (name === 'up' || text === 'k') return scrolled(-1);
  if (name === 'down' || text === 'j') return scrolled(1);
  if (name === 'page-up') return scrolled(-page);
  if (name === 'page-down') return scrolled(page);
  if (name === 'home') return { ...state, scroll: 0 };
  if (text === ' ') return { ...state, paused: !state.paused };
  const leaves = name === 'escape' || name === 'enter' || name === 'left' || ['?', 'h'].includes(text);
  return leaves ? { ...state, help: false, details: undefined, scroll: 0 } : state;
}

function moved(state: UiState, { rows, selected }: Scene, by: number): UiState {
  if (rows.length === 0) return state;
  const at = selected === undefined ? -1 : rows.indexOf(selected);
  const from = at < 0 ? (by > 0 ? -1 : rows.length) : at;
  const key = rows[Math.max(0, Math.min(rows.length - 1, from + by))]!;
  return { ...state, follow: false, cursors: { ...state.cursors, [state.tab]: key } };
}

/** A build is unfolded, a step has details. */
function opened(state: UiState, { selected }: Scene): UiState {
  if (selected === undefined || state.tab !== 'builds') return state;
  if (selected.startsWith('step:')) return { ...state, details: selected, scroll: 0 };
  const toggled = new Set(state.toggled);
  if (!toggled.delete(selected)) toggled.add(selected);
  return { ...state, toggled };
}

function onTab(state: UiState, tab: TabName): UiState {
  return state.tab === tab ? state : { ...state, tab };
}

function neighbour(tab: TabName, by: number): TabName {
  return TABS[(TABS.indexOf(tab) + by + TABS.length) % TABS.length]!;
}

function nextSort({ tab, sorts }: UiState): number {
  return (sorts[tab] + 1) % SORTS[tab].length;
}

function nextPeriod(period: PeriodName, offered: readonly PeriodName[]): PeriodName {
  const all = PERIODS.filter((name) => offered.includes(name));
  return all[(all.indexOf(period) + 1) % all.length] ?? period;
}
