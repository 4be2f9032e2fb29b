/** Small builders for the values that reports are made from. */
import type { Build, Step } from '../../../src/builds/types.js';
import type { Owner, TrafficClass } from '../../../src/metering/types.js';
import type { UsageRow } from '../../../src/metering/usage.js';

export function owner(over: Partial<Owner> = {}): Owner {
  return { id: 'container:a', kind: 'container', name: 'web', facts: {}, ...over };
}

export function usage(of: Owner, rxBytes: number, over: Partial<UsageRow> = {}): UsageRow {
  return {
    owner: of,
    class: 'wan' as TrafficClass,
    link: 'up0',
    tier: 'exact',
    rxBytes,
    txBytes: 0,
    rxPackets: Math.ceil(rxBytes / 1500),
    txPackets: 0,
    ...over,
  };
}

export function step(over: Partial<Step> = {}): Step {
  return {
    digest: 'sha256:1',
    inputs: [],
    name: '[2/3] RUN make',
    number: 2,
    stage: undefined,
    instruction: 'RUN make',
    platform: undefined,
    kind: 'run',
    status: 'done',
    error: undefined,
    intervals: [{ startedAt: 1000, completedAt: 3000 }],
    blobs: [],
    executorIds: [],
    attribution: 'exact',
    sharedWith: undefined,
    cacheMounts: [],
    ...over,
  };
}

export function build(over: Partial<Build> = {}): Build {
  return {
    ref: 'ref1',
    engine: 'default',
    name: 'app',
    project: 'shop',
    context: '/src/shop',
    dockerfile: 'Dockerfile',
    target: undefined,
    platforms: ['linux/amd64'],
    status: 'completed',
    error: undefined,
    startedAt: 1000,
    completedAt: 5000,
    steps: [],
    ...over,
  };
}
