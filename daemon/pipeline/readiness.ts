import type { LinkFacts, SourceState } from '../../src/metering/types.js';
import type { Readiness } from '../../src/protocol/launch.js';
import type { EpochMs } from '../../src/units.js';
import type { Opening } from '../store/types.js';
import type { OpenTier } from './tier.js';

export interface Warning {
  code: string;
  message: string;
  at: string;
  seen: boolean;
}

export interface ReadinessFacts {
  tier: OpenTier;
  builds: string | null;
  uplinks: readonly LinkFacts[];
  docker: SourceState;
  states: readonly SourceState[];
  warnings: readonly Warning[];
}

/** What `netmeter start` prints: how well each source works, and how to get a better one. */
export function readinessOf({ tier, builds, uplinks, docker, states, warnings }: ReadinessFacts): Readiness {
  const hasLinks = uplinks.length > 0;
  return {
    tiers: { meter: tier.tier, builds, links: hasLinks ? 'link' : null },
    sources: [
      {
        name: 'meter',
        tier: tier.tier,
        ok: true,
        because: tier.tier === 'exact' ? null : (tier.refusal?.message ?? 'a lower tier was asked for'),
        code: tier.refusal?.code ?? null,
        better: tier.refusal?.hint ?? null,
      },
      {
        name: 'links',
        tier: hasLinks ? 'link' : null,
        ok: hasLinks,
        because: hasLinks
          ? uplinks.map((link) => link.interface).join(', ')
          : 'no route leads through a gateway',
        code: hasLinks ? null : 'link-missing',
        better: hasLinks ? null : 'name the uplink with --link',
      },
      ...[docker, ...states].map((state) => ({
        name: state.name,
        tier: null,
        ok: state.ok,
        because: state.because ?? null,
        code: state.code ?? null,
        better: state.hint ?? null,
      })),
    ],
    warnings: warnings.map(({ code, message }) => ({ code, message })),
  };
}

/** What a person should know although everything has started. */
export function startWarnings(tier: OpenTier, opened: Opening, at: EpochMs): Warning[] {
  const found: [code: string, message: string][] = [];
  if (opened.setAside !== undefined) {
    const { path, because } = opened.setAside;
    found.push([
      'database-set-aside',
      `the database was damaged (${because}) and is kept as ${path}; a new one was begun`,
    ]);
  }
  if (tier.tier === 'exact') {
    const { pinning, namesMissing, unreadable } = tier.meter;
    if (!pinning.ok) {
      found.push([
        pinning.code,
        `a crash would lose what is counted until the next start: ${pinning.because}; ${pinning.fix}`,
      ]);
    }
    if (namesMissing !== undefined) {
      found.push([
        'cgroup-names-missing',
        `containers that live less than a tick may stay nameless: ${namesMissing}`,
      ]);
    }
    for (const path of unreadable) {
      found.push(['newer-counters', `counters of a later netmeter are left alone in ${path}`]);
    }
  }
  return found.map(([code, message]) => ({ code, message, at: new Date(at).toISOString(), seen: false }));
}
