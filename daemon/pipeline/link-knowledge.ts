import type { LinkKnowledge } from '../answers/links.js';
import type { LinkMeter } from '../meter/link/link-meter.js';
import type { Store } from '../store/types.js';
import type { LinkCalibrations } from './link-source.js';

const META_KEY = 'link-calibrations';

/** What a running daemon knows of how links count. */
export function linkKnowledge(
  links: LinkMeter,
  calibrations: ReadonlyMap<string, LinkCalibrations>,
): LinkKnowledge {
  return {
    calibration: (link) => calibrations.get(link),
    packetsComparable: (link) => {
      const features = links.mergingFeatures(link);
      return features === undefined ? undefined : features.length === 0;
    },
    get tunnels() {
      return links.tunnels();
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
