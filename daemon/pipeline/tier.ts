import { readFileSync } from 'node:fs';
import { NetmeterError } from '../../src/errors.js';
import type { CounterPosition, Tier } from '../../src/metering/types.js';
import { DockerStatsMeter } from '../meter/docker-stats/docker-stats-meter.js';
import { type EbpfMeter, type EbpfMeterOptions, openEbpfMeter } from '../meter/ebpf/ebpf-meter.js';
import { NetnsMeter } from '../meter/netns/netns-meter.js';
import type { EngineAddress } from '../observe/docker/engine-address.js';
import type { ContainerFacts } from '../observe/docker/types.js';
import { isErrno } from '../sys/system-error.js';

/** The best tier that works here, opened, and why it is not a better one. */
export type OpenTier = { because: string | undefined; better: string | undefined } & (
  | { tier: 'exact'; meter: EbpfMeter }
  | { tier: 'header'; meter: NetnsMeter }
  | { tier: 'polled'; meter: DockerStatsMeter }
);

export interface TierOptions {
  procRoot: string;
  /** Only this tier, for comparisons; undefined: the best there is. */
  only?: Tier | undefined;
  ebpf?: EbpfMeterOptions;
  address: EngineAddress;
  containers(): Iterable<ContainerFacts>;
  now(): number;
}

/**
 * @throws NetmeterError `daemon-already-running`, and what keeps the only wanted tier from working
 */
export function openTier(options: TierOptions): OpenTier {
  const { only, procRoot } = options;
  let refusal: NetmeterError | undefined;
  if (only === undefined || only === 'exact') {
    try {
      const meter = openEbpfMeter({ procRoot, ...options.ebpf });
      return { tier: 'exact', meter, because: undefined, better: undefined };
    } catch (error) {
      if (!(error instanceof NetmeterError) || error.code === 'daemon-already-running' || only === 'exact')
        throw error;
      refusal = error;
    }
  }
  const because = refusal?.message ?? 'a lower tier was asked for';
  const better = refusal?.hint;
  if ((only === undefined || only === 'header') && maySeeNamespaces(procRoot)) {
    const meter = new NetnsMeter(procRoot);
    meter.start();
    return { tier: 'header', meter, because, better };
  }
  const { address, containers, now } = options;
  return { tier: 'polled', meter: new DockerStatsMeter({ address, containers, now }), because, better };
}

/** Positions that the store knows are worth nothing when the kernel's counters are older than the store. */
export function knownPositions(
  positions: readonly CounterPosition[],
): readonly CounterPosition[] | undefined {
  return positions.length === 0 ? undefined : positions;
}

/** The first process is root's: who may look into it may look into every container's. */
function maySeeNamespaces(procRoot: string): boolean {
  try {
    readFileSync(`${procRoot}/1/environ`);
    return true;
  } catch (error) {
    if (isErrno(error, 'EACCES', 'EPERM', 'ENOENT')) return false;
    throw error;
  }
}
