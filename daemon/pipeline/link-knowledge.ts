import type { TunnelCourse } from '../../src/metering/carried.js';
import type { LinkPrices } from '../../src/savings/types.js';
import type { EpochMs } from '../../src/units.js';
import type { LinkKnowledge, LinkPolicy } from '../answers/links.js';
import { type CalibrationOf, measureBudget } from '../budget/measure-budget.js';
import { LinkBook, linkPrices } from '../links/link-book.js';
import type { LinkNames } from '../links/link-names.js';
import type { LinkMeter } from '../meter/link/link-meter.js';
import type { Store } from '../store/types.js';
import type { LinkCalibrations } from './link-calibrations.js';

const META_KEY = 'link-calibrations';

/** Tunnels and what is below them, as links are called now. */
export function namedCourses(links: LinkMeter, names: LinkNames): TunnelCourse[] {
  return links.tunnels().map((course) => ({
    ...course,
    tunnel: names.of(course.tunnel),
    over: course.over === undefined ? undefined : names.of(course.over),
  }));
}

/** What a running daemon knows of how links count. */
export function linkKnowledge(
  links: LinkMeter,
  names: LinkNames,
  calibrations: ReadonlyMap<string, LinkCalibrations>,
): LinkKnowledge {
  return {
    calibration: (link) => calibrations.get(link),
    packetsComparable: (link) => {
      const features = links.mergingFeatures(names.interfaceOf(link) ?? link);
      return features === undefined ? undefined : features.length === 0;
    },
    get tunnels() {
      return namedCourses(links, names);
    },
  };
}

/** What the store remembers of it, for reports without a daemon. */
export async function storedLinkKnowledge(store: Store): Promise<LinkKnowledge> {
  const calibrations = new Map<string, LinkCalibrations>();
  await loadCalibrations(store, calibrations);
  return {
    calibration: (link) => calibrations.get(link),
    packetsComparable: () => undefined,
    tunnels: [],
  };
}

/** What the store remembers of links, without anybody who looks. */
export async function storedLinkPolicy(
  store: Store,
  calibrationOf: CalibrationOf,
  now: () => EpochMs,
): Promise<{ policy: LinkPolicy; prices: LinkPrices }> {
  const book = new LinkBook(store, () => {});
  await book.load();
  const budgets = new Map((await store.budgets()).map((budget) => [budget.link, budget]));
  const policy: LinkPolicy = {
    interfaceOf: (link) => book.interfaceOf(link),
    metered: (link) => book.verdict(link),
    budget: async (link) => {
      const budget = budgets.get(link);
      if (budget === undefined) return null;
      return (await measureBudget(store, calibrationOf, budget, now()))?.state ?? null;
    },
  };
  return { policy, prices: linkPrices(book) };
}

export async function loadCalibrations(store: Store, into: Map<string, LinkCalibrations>): Promise<void> {
  const text = await store.meta(META_KEY);
  if (text === undefined) return;
  for (const [link, calibration] of JSON.parse(text) as [string, LinkCalibrations][]) {
    into.set(link, calibration);
  }
}

export async function saveCalibrations(
  store: Store,
  calibrations: ReadonlyMap<string, LinkCalibrations>,
): Promise<void> {
  await store.setMeta(META_KEY, JSON.stringify([...calibrations]));
}
