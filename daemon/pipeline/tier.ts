import { NetmeterError } from '../../src/errors.js';
import type { SourceState, Tier } from '../../src/metering/types.js';
import { DockerStatsMeter } from '../meter/docker-stats/docker-stats-meter.js';
import { type EbpfMeter, type EbpfMeterOptions, openEbpfMeter } from '../meter/ebpf/ebpf-meter.js';
import { NetnsMeter } from '../meter/netns/netns-meter.js';
import type { EngineAddress } from '../observe/docker/engine-address.js';
import type { ContainerFacts } from '../observe/docker/types.js';
import { CAP_SYS_PTRACE, hasCapability } from '../sys/capabilities.js';

/** The best tier that works here, opened, and what kept it from being a better one. */
export type OpenTier = { refusal: NetmeterError | undefined } & (
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
      return { tier: 'exact', meter, refusal: undefined };
    } catch (error) {
      if (!(error instanceof NetmeterError) || error.code === 'daemon-already-running' || only === 'exact')
        throw error;
      refusal = error;
    }
  }
  if (only !== 'polled' && hasCapability(CAP_SYS_PTRACE, procRoot)) {
    const meter = new NetnsMeter(procRoot);
    meter.start();
    return { tier: 'header', meter, refusal };
  }
  if (only === 'header') throw mayNotSeeNamespaces();
  const { address, containers, now } = options;
  return { tier: 'polled', meter: new DockerStatsMeter({ address, containers, now }), refusal };
}

/**
 * Somebody who may neither count nor ask Docker would meter nothing but the sums of the links, and believe
 * to meter.
 * @throws NetmeterError `permission-denied`
 */
export function refuseBlindness(tier: OpenTier, docker: SourceState): void {
  if (tier.tier !== 'polled' || docker.code !== 'permission-denied') return;
  const counting = tier.refusal?.code === 'permission-denied' ? `${tier.refusal.message}, and there is ` : '';
  const polling = docker.hint === undefined ? '' : `\nFor Docker to be polled: ${docker.hint}`;
  throw new NetmeterError('permission-denied', `${counting}${docker.because ?? ''}`, {
    hint: `To count exactly: sudo netmeter start${polling}`,
  });
}

function mayNotSeeNamespaces(): NetmeterError {
  return new NetmeterError('permission-denied', 'the namespaces of containers may not be looked into', {
    hint: 'run it as root: sudo netmeter start',
  });
}
