import type { StatusOwner } from '../protocol/documents.js';
import type { TickEvent } from '../protocol/messages.js';
import { type EpochMs, type Interval, totalBytes } from '../units.js';
import { RecentRate } from './rates.js';
import { CLASSES, type GroupName, type GroupView, type OwnerTotals, type OwnerView } from './types.js';

interface LiveOwner {
  totals: OwnerTotals;
  rate: RecentRate;
  tier: string | null;
  name: string;
  /** The name is put together from more than samples tell. */
  isNamed: boolean;
}

/** What owners moved in the period: what the daemon answered, and every sample since. */
export class LiveOwners {
  #owners = new Map<string, LiveOwner>();

  clear(): void {
    this.#owners.clear();
  }

  answer(owners: readonly StatusOwner[]): void {
    const before = this.#owners;
    this.#owners = new Map(
      owners.map((owner) => [
        owner.id,
        {
          totals: {
            ...owner,
            wan: { ...owner.wan },
            lan: { ...owner.lan },
            proxy: { ...owner.proxy },
          },
          rate: before.get(owner.id)?.rate ?? new RecentRate(),
          tier: owner.tier,
          name: nameOf(owner),
          isNamed: owner.composeProject !== null,
        },
      ]),
    );
  }

  tick(tick: TickEvent, interval: Interval): void {
    for (const moved of tick.owners) {
      const live = this.#live(moved);
      // A step's name comes a moment after its first bytes.
      if (!live.isNamed) live.name = moved.name;
      const sum = { rxBytes: 0, txBytes: 0 };
      for (const name of CLASSES) {
        live.totals[name].rxBytes += moved[name].rxBytes;
        live.totals[name].txBytes += moved[name].txBytes;
        sum.rxBytes += moved[name].rxBytes;
        sum.txBytes += moved[name].txBytes;
      }
      live.rate.add(interval, sum);
    }
  }

  /** Most bytes first. */
  view(at: EpochMs): OwnerView[] {
    return [...this.#owners.values()]
      .map(({ totals, rate, tier, name }) => ({
        id: totals.id,
        kind: totals.kind,
        name,
        wan: totals.wan,
        lan: totals.lan,
        proxy: totals.proxy,
        rate: rate.rate(at),
        tier,
      }))
      .sort((a, b) => totalBytes(b.wan) - totalBytes(a.wan) || allBytes(b) - allBytes(a));
  }

  #live(moved: TickEvent['owners'][number]): LiveOwner {
    let live = this.#owners.get(moved.id);
    if (live === undefined) {
      const none = () => ({ rxBytes: 0, txBytes: 0 });
      const { id, name } = moved;
      const kind = moved.kind as OwnerTotals['kind'];
      live = {
        totals: { id, kind, name, wan: none(), lan: none(), proxy: none() },
        rate: new RecentRate(),
        tier: null,
        name,
        isNamed: false,
      };
      this.#owners.set(moved.id, live);
    }
    return live;
  }
}

export function allBytes(owner: Pick<OwnerView, 'wan' | 'lan' | 'proxy'>): number {
  return totalBytes(owner.wan) + totalBytes(owner.lan) + totalBytes(owner.proxy);
}

const GROUP_OF: Record<OwnerView['kind'], GroupName | undefined> = {
  step: 'steps',
  container: 'containers',
  engine: 'engine',
  pull: 'engine',
  proxy: 'proxies',
  host: 'rest',
  // What they carry is somebody else's already.
  relay: undefined,
};

/** The parts that a link's bytes fall into, in a fixed order, also those that nothing is in. */
export function groupsOf(owners: readonly OwnerView[]): GroupView[] {
  const names: GroupName[] = ['steps', 'containers', 'engine', 'proxies', 'rest'];
  return names.map((name) => {
    const members = owners.filter(({ kind }) => GROUP_OF[kind] === name);
    return {
      name,
      wanBytes: members.reduce((sum, { wan }) => sum + totalBytes(wan), 0),
      rate: members.reduce((sum, { rate }) => sum + rate.rx + rate.tx, 0),
      owners: members,
    };
  });
}

function nameOf({ name, composeProject, composeService }: StatusOwner): string {
  return composeProject === null ? name : `${composeProject}/${composeService ?? name}`;
}
