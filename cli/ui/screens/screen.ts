import type { PeriodName } from '../../../src/live/types.js';
import { isPanel, PERIODS, type TabName } from '../state/ui-state.js';
import { type Row, type Shown, windowOf } from '../state/window.js';
import type { Line } from '../text/line.js';
import { buildRows, followedStep } from './build-rows.js';
import { cacheRows } from './cache-rows.js';
import type { ScreenContext } from './context.js';
import { detailRows } from './details.js';
import { bannerLine, footerLine } from './footer.js';
import { groupLines } from './groups.js';
import { linkLines, tabsLine } from './header.js';
import { helpRows } from './help.js';
import { ownerRows } from './owner-rows.js';
import { remoteRows } from './remote-rows.js';
import { stepKey } from './step-row.js';
import { warningRows } from './warning-rows.js';

const ROWS: Record<TabName, (context: ScreenContext) => Row[]> = {
  builds: buildRows,
  owners: ownerRows,
  remotes: remoteRows,
  caches: cacheRows,
  warnings: warningRows,
};

/** Below this there is room for the list and little else. */
const LEAST_ROWS = 10;

/** Everything on the screen, from the top down. */
export interface Screen {
  header: Line[];
  rows: Row[];
  shown: Shown;
  /** Lines that there are for the rows. */
  height: number;
  selected: string | undefined;
  groups: Line[];
  footer: Line[];
}

/** @param lastTop of the last screen with the same rows */
export function screenOf(context: ScreenContext, lastTop: number): Screen {
  const { ui } = context;
  const hasPanel = isPanel(ui);
  const rows = ui.help ? helpRows(context.columns) : hasPanel ? detailRows(context) : ROWS[ui.tab](context);
  const isLow = context.rows < LEAST_ROWS;
  const header = [
    ...linkLines(context).slice(0, isLow ? 1 : undefined),
    ...(isLow ? [] : [tabsLine(context)]),
  ];
  const banner = bannerLine(context);
  const groups = hasPanel || isLow || ui.tab !== 'builds' ? [] : groupLines(context);
  const taken = header.length + groups.length + (banner.length > 0 ? 2 : 1);
  const height = Math.max(1, context.rows - taken);
  const selected = hasPanel ? undefined : selectedIn(rows, context);
  const shown = windowOf(rows, selected, height, lastTop);
  const footer = [...(banner.length > 0 ? [banner] : []), footerLine(context, shown)];
  return { header, rows, shown, height, selected, groups, footer };
}

/** Periods that can be asked for: a cycle only where a link has one. */
export function periodsOf({ view }: Pick<ScreenContext, 'view'>): PeriodName[] {
  const hasCycle = view.links.some(({ budget }) => budget !== null);
  return PERIODS.filter((name) => name !== 'cycle' || hasCycle);
}

/** Builds whose steps are about to be looked at. */
export function wantedRefs({ view, ui }: Pick<ScreenContext, 'view' | 'ui'>): string[] {
  const unfolded = view.builds.filter(({ document: { ref } }) => ui.toggled.has(`build:${ref}`));
  const recent = ui.tab === 'caches' ? view.builds.slice(0, 5) : [];
  return [...new Set([...unfolded, ...recent].map(({ document }) => document.ref))];
}

function selectedIn(rows: readonly Row[], context: ScreenContext): string | undefined {
  const { ui } = context;
  const isThere = (wanted: string | undefined) => rows.some(({ key }) => key === wanted);
  const chosen = ui.cursors[ui.tab];
  if (isThere(chosen)) return chosen;
  if (ui.tab !== 'builds' || !ui.follow) return undefined;
  const followed = followedStep(context);
  const key = followed && stepKey(followed.ref, followed.step.document);
  return isThere(key) ? key : undefined;
}
