// Budgets and warnings over a real database, tick by tick and over restarts.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BudgetBook } from '../../../daemon/budget/budget-book.js';
import { WarningBook } from '../../../daemon/budget/warning-book.js';
import type { Store, TickBatch } from '../../../daemon/store/types.js';
import type { Budget } from '../../../src/budget/budget.js';
import type { EventBody } from '../../../src/protocol/messages.js';
import { container, DAY, failure, linkRow, NOON, row, SECOND, tick, withStore } from '../store/support.js';

const LINK = 'Annas Hotspot';
const web = container('web');
const budget = (more: Partial<Budget> = {}): Budget => ({
  link: LINK,
  limitBytes: 1000,
  cycle: { kind: 'monthly', day: 1 },
  timeZone: 'UTC',
  setAt: NOON,
  usedBefore: undefined,
  ...more,
});

/** A daemon's part of it: what it publishes, and its clock. */
async function scene(store: Store) {
  const published: EventBody[] = [];
  const clock = { now: NOON };
  const onProblem = (message: string, error: unknown) => {
    throw new Error(message, { cause: error });
  };
  const now = () => clock.now;
  const warnings = new WarningBook({ store, now, publish: (event) => published.push(event), onProblem });
  await warnings.load();
  const book = new BudgetBook({ store, calibrationOf: () => undefined, warnings, now, onProblem });
  await book.load();
  const count = async (bytes: number, more: Partial<TickBatch> = {}) => {
    clock.now += SECOND;
    const batch = tick(clock.now, { owners: [web], links: [linkRow(LINK, clock.now, bytes)], ...more });
    await store.commit(batch);
    book.committed(batch);
  };
  const told = () =>
    warnings
      .documents()
      .filter(({ code }) => code === 'budget-used')
      .map(({ message }) => /\d+ %/.exec(message)?.[0]);
  return { published, clock, warnings, book, count, told };
}

test('each threshold is told once, with the tick that passes it', () =>
  withStore(async (store) => {
    const { book, count, told, published } = await scene(store);
    await count(100);
    await book.set(budget());
    assert.equal(told(), []);
    await count(399);
    assert.equal(told(), []);
    await count(1);
    assert.equal(told(), ['50 %']);
    await count(299);
    assert.equal(told(), ['50 %']);
    await count(1);
    await count(50);
    assert.equal(told(), ['50 %', '80 %']);
    await count(1000);
    assert.equal(told(), ['50 %', '80 %', '185 %']);
    await count(1000);
    assert.is(published.filter(({ event }) => event === 'warning').length, 3);
    assert.is((await book.stateOf(LINK))?.usedBytes, 2850);
  }));

test('a restart neither forgets nor repeats', () =>
  withStore(async (store) => {
    const first = await scene(store);
    await first.book.set(budget());
    await first.count(600);
    await first.warnings.seen(first.clock.now);
    const second = await scene(store);
    second.clock.now = first.clock.now;
    assert.equal(second.told(), ['60 %']);
    assert.is(second.warnings.documents()[0]?.seen, true);
    await second.count(100);
    assert.equal(second.told(), ['60 %']);
    await second.count(150);
    assert.equal(second.told(), ['60 %', '85 %']);
    assert.is(second.published.length, 1);
  }));

test('a new cycle begins with nothing, and warns anew', () =>
  withStore(async (store) => {
    const { book, count, told, clock } = await scene(store);
    await book.set(budget());
    await count(600);
    clock.now += 30 * DAY;
    await count(0);
    await new Promise((resolve) => setImmediate(resolve));
    assert.is((await book.stateOf(LINK))?.usedBytes, 0);
    await book.set(budget({ setAt: clock.now }));
    await count(700);
    assert.equal(told(), ['70 %']);
  }));

test('what stays on the link itself is not billed', () =>
  withStore(async (store) => {
    const { book, count, clock } = await scene(store);
    await book.set(budget());
    const at = clock.now + SECOND;
    await count(300, { rows: [row(web, at, 250, { class: 'lan', link: LINK })] });
    assert.is((await book.stateOf(LINK))?.usedBytes, 50);
    assert.is(book.roughly(LINK)?.usedBytes, 50);
  }));

test('what the carrier says was used counts; a larger budget takes warnings back and gives them again', () =>
  withStore(async (store) => {
    const { book, count, told, warnings } = await scene(store);
    await count(5_000);
    await book.set(budget({ setAt: NOON + SECOND, usedBefore: 900 }));
    assert.equal(told(), ['90 %']);
    await book.set(budget({ limitBytes: 30_000, setAt: NOON + SECOND, usedBefore: 900 }));
    assert.equal(warnings.holding('budget:'), []);
    await count(14_100);
    assert.equal(told().at(-1), '50 %');
  }));

test('a package that is over has no state, and no budget is no error but when it is removed', () =>
  withStore(async (store) => {
    const { book } = await scene(store);
    await book.set(budget({ cycle: { kind: 'once', from: '2026-01-01', expires: '2026-01-31' } }));
    assert.is(await book.stateOf(LINK), null);
    await book.remove(LINK);
    assert.is((await failure(book.remove(LINK))).code, 'not-found');
    assert.equal(await store.budgets(), []);
  }));

test.run();
