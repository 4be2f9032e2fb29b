// Keys change what is chosen, and nothing else; lists show the chosen row.
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Press, pressed, type Scene } from '../../../cli/ui/state/keys.js';
import { initialState, TABS, type UiState } from '../../../cli/ui/state/ui-state.js';
import { type Row, windowOf } from '../../../cli/ui/state/window.js';
import { line } from '../../../cli/ui/text/line.js';

const ROWS = ['build:a', 'step:a/1', 'step:a/2', 'build:b'];
const SCENE: Scene = { rows: ROWS, selected: undefined, page: 2, periods: ['today', 'start', 'hour'] };

function key(name: Press['name'], text = ''): Press {
  return { name, text };
}

/** Presses keys; letters are themselves, others are named. */
function after(keys: (Press['name'] | [letter: string])[], state: UiState = initialState()): UiState {
  return keys.reduce((before, pressedKey) => {
    const presses =
      typeof pressedKey === 'string' ? [key(pressedKey)] : [...pressedKey[0]].map((it) => key('text', it));
    return presses.reduce(
      (each, press) => pressed(each, press, { ...SCENE, selected: each.cursors[each.tab] }),
      before,
    );
  }, state);
}

test('rows: arrows and j/k, pages, ends, never beyond', () => {
  assert.is(after(['down']).cursors.builds, 'build:a');
  assert.is(after(['down', ['j']]).cursors.builds, 'step:a/1');
  assert.is(after(['down', 'page-down']).cursors.builds, 'step:a/2');
  assert.is(after([['G'], 'down']).cursors.builds, 'build:b');
  assert.is(after([['G'], 'up', ['k']]).cursors.builds, 'step:a/1');
  assert.is(after([['G'], ['g'], 'up']).cursors.builds, 'build:a');
  assert.is(after(['up']).cursors.builds, 'build:b', 'upwards begins at the end');
});

test('a selected row ends following, f begins it again', () => {
  assert.is(after(['down']).follow, false);
  const again = after(['down', ['f']]);
  assert.is(again.follow, true);
  assert.is(again.cursors.builds, undefined);
});

test('tabs: by number, by Tab and arrows, around', () => {
  for (const [i, tab] of TABS.entries()) assert.is(after([[String(i + 1)]]).tab, tab);
  assert.is(after(['tab']).tab, 'owners');
  assert.is(after(['back-tab']).tab, 'warnings');
  assert.is(after(['right', 'right', 'left']).tab, 'owners');
  assert.is(after([['9']]).tab, 'builds');
});

test('each tab keeps its own order, filter and row', () => {
  const state = after([['s'], ['/'], ['web'], 'enter', 'down', ['2']]);
  assert.is(state.sorts.builds, 1);
  assert.is(state.sorts.owners, 0);
  assert.is(state.filters.builds, 'web');
  assert.is(state.filters.owners, undefined);
  assert.is(after(['escape'], after([['1']], state)).filters.builds, '');
});

test('a filter is typed: letters are no commands then', () => {
  const state = after([['/'], ['jq?1'], 'backspace']);
  assert.is(state.filters.builds, 'jq?');
  assert.is(state.isTyping, true);
  assert.is(state.tab, 'builds');
  assert.is(after(['escape'], state).filters.builds, '');
  assert.is(after(['enter'], state).isTyping, false);
});

test('Enter: a build unfolds, a step has details; help and details are left again', () => {
  const unfolded = after(['down', 'enter']);
  assert.equal([...unfolded.toggled], ['build:a']);
  assert.equal([...after(['enter'], unfolded).toggled], []);
  const details = after(['down', 'down', 'enter']);
  assert.is(details.details, 'step:a/1');
  assert.is(after([['j'], 'page-down'], details).scroll, 3);
  assert.is(after(['escape'], details).details, undefined);
  assert.is(after([['?']]).help, true);
  assert.is(after([['?'], ['?']]).help, false);
});

test('pause and period; a cycle is offered only where there is one', () => {
  assert.is(after([[' ']]).paused, true);
  assert.is(after([[' '], [' ']]).paused, false);
  assert.is(after([['p']]).period, 'start');
  assert.is(after([['p'], ['p'], ['p']]).period, 'today');
  const withCycle = { ...SCENE, periods: ['today', 'start', 'hour', 'cycle'] } satisfies Scene;
  assert.is(pressed({ ...initialState(), period: 'hour' }, key('text', 'p'), withCycle).period, 'cycle');
});

test('a window has the selected row in it, whole if it fits, and stays where it is if it can', () => {
  const arbitraryRow = fc.record({ lines: fc.integer({ min: 1, max: 4 }) });
  fc.assert(
    fc.property(
      fc.array(arbitraryRow, { minLength: 1, maxLength: 60 }),
      fc.nat(),
      fc.integer({ min: 1, max: 20 }),
      fc.nat(200),
      (sizes, pick, height, lastTop) => {
        const rows: Row[] = sizes.map(({ lines }, i) => ({
          key: `row ${i}`,
          lines: Array.from({ length: lines }, (_, j) => line(`${i}.${j}`)),
          selectable: true,
        }));
        const made = new Set<number>();
        const late = rows.map((row, i) => ({
          ...row,
          height: row.lines.length,
          get lines() {
            made.add(i);
            return row.lines;
          },
        }));
        const index = pick % rows.length;
        const all = rows.flatMap((row) => row.lines);
        const shown = windowOf(rows, `row ${index}`, height, lastTop);
        assert.is(shown.lines.length, Math.min(height, all.length));
        assert.is(shown.above + shown.lines.length + shown.below, all.length);
        assert.equal(
          shown.lines.map((each) => each.line),
          all.slice(shown.top, shown.top + height),
        );
        assert.is(shown.lines.filter(({ selected }) => selected).length, 1);
        assert.equal(windowOf(late, `row ${index}`, height, lastTop), shown);
        assert.ok(made.size <= shown.lines.length, 'rows out of sight are not made');
        const again = windowOf(rows, `row ${index}`, height, shown.top);
        assert.is(again.top, shown.top);
      },
    ),
  );
});

test.run();
