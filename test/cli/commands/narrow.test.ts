// A terminal of 20 columns: names give way, figures do not.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { budgetsText } from '../../../cli/commands/budget.js';
import { linksText } from '../../../cli/commands/link.js';
import { estimateText } from '../../../cli/estimate/text.js';
import type { BudgetState, EstimateDocument, LinkDocument } from '../../../src/protocol/documents.js';
import { cellWidth } from '../../../src/text/width.js';
import { assertGolden } from './golden.js';

const STATE: BudgetState = {
  limitBytes: 5_000_000_000,
  usedBytes: 4_100_000_000,
  remainingBytes: 900_000_000,
  cycleStart: '2026-11-01T00:00:00.000Z',
  cycleEnd: '2026-12-01T00:00:00.000Z',
  forecastBytes: 6_000_000_000,
  forecastBasis: 'simple',
  runsOutAt: '2026-11-28T00:00:00.000Z',
};

const LINK: LinkDocument = {
  name: 'Ännchens Häuschen am Bahnhof 热点',
  interface: 'wlan0',
  present: true,
  isDefault: true,
  metered: true,
  meteredBecause: 'NetworkManager says that its connection is metered',
  meteredByUser: null,
  price: { perGigabyte: 3.5, currency: 'EUR' },
  limitBytes: 20_000_000,
  budget: STATE,
};

const ESTIMATE: EstimateDocument = {
  schema: 1,
  fetchBytes: 42_000_000,
  lowBytes: 0,
  highBytes: 90_000_000,
  basis: 'estimated',
  coldBytes: 101_000_000,
  link: LINK.name,
  metered: true,
  remainingBytes: 900_000_000,
  limitBytes: 20_000_000,
  allowed: false,
  steps: [
    {
      name: 'RUN --mount=type=cache,target=/root/.cache/pypoetry poetry install --no-root',
      kind: 'run',
      line: 6,
      willRun: true,
      because: 'line 5 above it runs: poetry.lock that it takes changed since build abc',
      fetchBytes: 42_000_000,
      lowBytes: 0,
      highBytes: 90_000_000,
      basis: 'estimated',
      coldBytes: 101_000_000,
    },
  ],
};

const TEXTS: Record<string, (width: number | undefined) => string> = {
  links: (width) => linksText([LINK], width),
  budgets: (width) =>
    budgetsText(
      [{ link: LINK.name, cycle: 'monthly, day 1', timeZone: 'UTC', limitBytes: 5e9, state: STATE }],
      width,
    ),
  estimate: (width) => estimateText(ESTIMATE, width),
};

for (const [name, shown] of Object.entries(TEXTS)) {
  test(`${name}: as it was looked at`, () => assertGolden(`${name}-20`, shown(20)));

  test(`${name}: names give way to the width that there is, and no figure does`, () => {
    const [wide, narrow] = [shown(undefined), shown(20)];
    const figures = wide.match(/[\d.]+ [kMG]?B\b/g) ?? [];
    assert.ok(figures.length > 1);
    assert.equal(narrow.match(/[\d.]+ [kMG]?B\b/g), figures);
    assert.ok(widest(narrow) < widest(wide));
  });
}

function widest(text: string): number {
  return Math.max(...text.split('\n').map(cellWidth));
}

test.run();
