/** A daemon's day as a live view hears of it: a metered link, a budget, two builds, containers, odd names. */
import { LiveState } from '../../../src/live/state.js';
import type { LiveView } from '../../../src/live/types.js';
import type {
  BuildDocument,
  SavedDocument,
  StatusDocument,
  StatusOwner,
  StepDocument,
} from '../../../src/protocol/documents.js';
import type { EventBody, TickEvent } from '../../../src/protocol/messages.js';
import { PROTOCOL_VERSION } from '../../../src/protocol/messages.js';

export const NOW = Date.UTC(2026, 10, 24, 9, 30, 0);
const NOTHING = { rxBytes: 0, txBytes: 0 };
/** Escape sequences, a new line, a direction override, a bell, zero-width characters. */
export const HOSTILE = 'evil\u001b[2J\u202e\n\u0007\u200b\u009bname';

export const iso = (secondsAgo: number) => new Date(NOW - secondsAgo * 1000).toISOString();
export const received = (rxBytes: number, txBytes = 0) => ({ rxBytes, txBytes });

export function owner(over: Partial<StatusOwner>): StatusOwner {
  return {
    kind: 'container',
    name: 'web',
    id: 'container:web',
    tier: 'exact',
    wan: NOTHING,
    lan: NOTHING,
    proxy: NOTHING,
    local: NOTHING,
    image: null,
    composeProject: null,
    composeService: null,
    devContainerFolder: null,
    ...over,
  };
}

export function status(over: Partial<StatusDocument> = {}): StatusDocument {
  return {
    schema: 1,
    running: true,
    pid: 4711,
    startedAt: iso(3600),
    version: '0.1.0',
    since: iso(3600),
    tiers: { meter: 'exact', builds: 'history and executor', links: 'link' },
    links: [
      {
        name: 'Pixel 7',
        interface: 'wlan0',
        metered: true,
        meteredBecause: 'NetworkManager says so',
        ...received(118_000_000, 5_000_000),
        budget: {
          limitBytes: 5_000_000_000,
          usedBytes: 2_100_000_000,
          remainingBytes: 2_900_000_000,
          cycleStart: '2026-11-12T00:00:00.000Z',
          cycleEnd: '2026-12-12T00:00:00.000Z',
          forecastBytes: 5_600_000_000,
          forecastBasis: 'simple',
          runsOutAt: '2026-12-08T10:00:00.000Z',
        },
        reconciliation: null,
      },
    ],
    owners: [
      owner({ kind: 'step', name: '[app 2/4] RUN pip', id: 'exec:pip', wan: received(51_800_000, 900_000) }),
      owner({
        name: 'web',
        composeProject: 'shop',
        composeService: 'web',
        wan: received(12_000_000, 800_000),
      }),
      owner({
        name: HOSTILE,
        id: 'container:evil',
        wan: received(70_000),
        lan: received(5, 6),
        tier: 'polled',
      }),
      owner({ kind: 'engine', name: 'docker', id: 'engine:docker', wan: received(9_300_000, 100_000) }),
      owner({ kind: 'pull', name: 'debian:trixie', id: 'pull:debian', wan: received(30_000_000, 400_000) }),
      owner({ kind: 'proxy', name: 'apt-cacher-ng', id: 'container:apt', wan: received(4_000_000, 40_000) }),
      owner({
        kind: 'host',
        name: 'firefox.service',
        id: 'host:/firefox',
        wan: received(3_100_000, 200_000),
      }),
      owner({ kind: 'relay', name: 'slirp4netns', id: 'relay:slirp', wan: received(999_000_000) }),
    ],
    reconciliation: {
      linkBytes: 112_711_200,
      attributedBytes: 112_710_000,
      tunnelOverheadBytes: 0,
      unattributedBytes: 1_200,
      linkPackets: 90_000,
      attributedPackets: 90_000,
      packetsComparable: true,
      rxHeaderBytes: 0,
      txHeaderBytes: 14,
    },
    lost: { mapOverflows: 0 },
    warnings: [
      {
        code: 'budget-forecast',
        message: 'the budget of Pixel 7 will be used up by 6 December',
        at: iso(600),
        seen: false,
      },
    ],
    sources: [
      { name: 'ebpf', ok: true, because: null, code: null, hint: null, lastDurationMs: 0.4 },
      {
        name: 'docker',
        ok: false,
        because: `no Docker engine at unix:///var/run/docker.sock: ${HOSTILE}`,
        code: 'engine-unreachable',
        hint: 'start it (sudo systemctl start docker)',
        lastDurationMs: null,
      },
    ],
    ...over,
  };
}

export const SAVED: SavedDocument = {
  bytes: 42_500_000,
  headlineBytes: 12_500_000,
  lowBytes: 11_000_000,
  highBytes: 13_000_000,
  byCause: {
    cacheMount: 10_500_000,
    proxy: 2_000_000,
    layerCache: 30_000_000,
    localImage: 0,
    sharedBuild: 0,
  },
  unknownSteps: 1,
  residualBytes: 0,
};

export function build(over: Partial<BuildDocument> = {}): BuildDocument {
  return {
    ref: 'rczvqome6ah1sgo3dyvw4kem',
    name: 'shop',
    project: 'shop',
    context: '/home/me/shop',
    dockerfile: 'Dockerfile',
    target: null,
    platforms: ['linux/amd64'],
    engine: 'docker',
    link: 'wlan0',
    metered: true,
    status: 'running',
    startedAt: iso(43),
    completedAt: null,
    steps: 8,
    cachedSteps: 1,
    wan: received(85_000_000, 1_300_000),
    coldBytes: 142_000_000,
    saved: SAVED,
    ...over,
  };
}

export function step(over: Partial<StepDocument>): StepDocument {
  return {
    digest: `sha256:${over.name ?? ''}`,
    number: 1,
    name: '[app 1/4] FROM debian',
    stage: 'app',
    instruction: 'FROM debian',
    platform: null,
    kind: 'run',
    status: 'done',
    sharedWith: null,
    startedAt: iso(40),
    completedAt: iso(30),
    durationMs: 10_000,
    tier: 'exact',
    attribution: 'exact',
    link: 'wlan0',
    wan: NOTHING,
    lan: NOTHING,
    proxy: NOTHING,
    reportedBytes: null,
    layers: [],
    remotes: [],
    cacheMounts: [],
    coldBytes: null,
    coldBasis: 'unknown',
    coldAt: null,
    savings: null,
    residualBytes: null,
    workAvoidedMs: null,
    ...over,
  };
}

const MOUNT = { id: 'pip', target: '/root/.cache/pip', recordId: 'r', sharing: 'shared' };

export const PIP: StepDocument = step({
  digest: 'sha256:pip',
  number: 2,
  name: '[app 2/4] RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt',
  status: 'running',
  startedAt: iso(12),
  completedAt: null,
  durationMs: null,
  wan: received(51_800_000, 900_000),
  lan: received(12_000, 3_000),
  proxy: received(3_100_000, 20_000),
  cacheMounts: [{ ...MOUNT, emptyAtStart: false, bytesBefore: 210_000_000, bytesAfter: null }],
  coldBytes: 106_300_000,
  coldBasis: 'measured',
  coldAt: '2026-11-20T10:00:00.000Z',
  remotes: [
    {
      address: '192.0.2.7',
      name: 'files.pythonhosted.org',
      nameSource: 'dns',
      port: 443,
      protocol: 'tcp',
      class: 'wan',
      ...received(51_700_000, 890_000),
    },
    {
      address: '2001:db8::7',
      name: HOSTILE,
      nameSource: 'dns',
      port: 443,
      protocol: 'tcp',
      class: 'wan',
      ...received(100_000, 10_000),
    },
    {
      address: '192.168.1.5',
      name: null,
      nameSource: null,
      port: 3141,
      protocol: 'tcp',
      class: 'proxy',
      ...received(3_100_000, 20_000),
    },
  ],
});

const layer = (letter: string, bytes: number, totalBytes: number | null, fetched = true) => ({
  id: `sha256:${letter.repeat(64)}`,
  bytes,
  totalBytes,
  fetched,
});

export const STEPS: StepDocument[] = [
  step({ kind: 'internal', name: '[internal] load build definition from Dockerfile' }),
  step({
    name: '[app 1/4] FROM docker.io/library/debian:trixie',
    kind: 'from',
    wan: received(30_000_000, 400_000),
    attribution: 'inferred',
    coldBytes: 30_200_000,
    coldBasis: 'derived',
    savings: [],
    residualBytes: 0,
  }),
  step({
    name: '[assets 1/2] FROM registry.example/assets:1',
    kind: 'from',
    status: 'running',
    startedAt: iso(14),
    completedAt: null,
    durationMs: null,
    wan: received(3_000_000, 20_000),
    layers: [
      layer('a', 12_100_000, 40_200_000),
      layer('b', 8_000_000, 9_000_000),
      layer('c', 5_000_000, 5_000_000),
      layer('d', 27_000_000, 27_000_000, false),
    ],
  }),
  PIP,
  step({
    name: '[app 3/4] RUN make 日本語のとても長い名前のステップです',
    status: 'cached',
    startedAt: null,
    completedAt: null,
    durationMs: null,
    coldBytes: 31_000_000,
    coldBasis: 'measured',
    savings: [
      {
        cause: 'layer-cache',
        bytes: 31_000_000,
        lowBytes: 31_000_000,
        highBytes: 31_000_000,
        marginalBytes: 2_000_000,
        basis: 'measured',
      },
    ],
  }),
  step({
    name: `[evil 1/1] RUN ${HOSTILE}`,
    status: 'failed',
    wan: { rxBytes: null, txBytes: null },
    proxy: { rxBytes: null, txBytes: null },
  }),
  step({ name: '[other 1/1] RUN npm ci', status: 'shared', sharedWith: 'zzz', durationMs: 4000 }),
  step({
    name: '[app 4/4] RUN apt-get install -y git',
    wan: received(11_600_000, 150_000),
    coldBytes: 32_800_000,
    coldBasis: 'measured',
    coldAt: '2026-11-01T08:00:00.000Z',
    cacheMounts: [
      {
        id: '/var/cache/apt',
        target: '/var/cache/apt',
        recordId: 's',
        sharing: 'locked',
        emptyAtStart: false,
        bytesBefore: 60_000_000,
        bytesAfter: 61_000_000,
      },
    ],
    savings: [
      {
        cause: 'cache-mount',
        bytes: 21_050_000,
        lowBytes: 20_000_000,
        highBytes: 22_000_000,
        marginalBytes: null,
        basis: 'measured',
      },
    ],
    residualBytes: 0,
  }),
];

const EARLIER = build({
  ref: 'earlier1',
  name: '日本語プロジェクト',
  status: 'completed',
  startedAt: iso(1800),
  completedAt: iso(1738),
  steps: 12,
  cachedSteps: 9,
  wan: received(4_250_000, 90_000),
  coldBytes: null,
  saved: null,
});
const FAILED = build({
  ref: 'failed1',
  name: HOSTILE,
  status: 'failed',
  startedAt: iso(7200),
  completedAt: iso(7190),
  wan: { rxBytes: null, txBytes: null },
});

/** One second of traffic: `share` of full speed. */
export function tick(secondsAgo: number, share: number): EventBody {
  const bytes = Math.round(2_000_000 * share);
  const moved = (
    id: string,
    kind: string,
    name: string,
    rx: number,
    step: TickEvent['owners'][number]['step'],
  ) => ({
    id,
    kind,
    name,
    wan: received(rx, Math.round(rx / 60)),
    lan: NOTHING,
    proxy: NOTHING,
    step,
  });
  return {
    event: 'tick',
    tick: {
      from: iso(secondsAgo + 1),
      to: iso(secondsAgo),
      links: [{ name: 'Pixel 7', ...received(bytes, Math.round(bytes / 60)) }],
      owners:
        bytes === 0
          ? []
          : [
              moved('exec:pip', 'step', PIP.name, Math.round(bytes * 0.6), {
                ref: build().ref,
                digest: PIP.digest,
              }),
              moved('engine:docker', 'engine', 'docker', Math.round(bytes * 0.4), null),
            ],
    },
  };
}

export const HELLO: EventBody = {
  event: 'hello',
  daemonVersion: '0.1.0',
  startedAt: iso(3600),
  tickMs: 1000,
};

/** Everything that came until NOW. */
export function busyState(): LiveState {
  const state = new LiveState();
  const hear = (event: EventBody, at: number) => state.event({ version: PROTOCOL_VERSION, ...event }, at);
  hear(HELLO, NOW - 60_000);
  state.builds({ schema: 1, builds: [build(), EARLIER, FAILED] });
  for (let second = 50; second > 2; second--) hear(tick(second, Math.abs(Math.sin(second / 5))), NOW);
  state.status(status(), 'today', NOW - 9.5 * 3_600_000, true);
  state.report({
    saved: { ...SAVED, meteredBytes: 0, byBasis: { measured: 0, derived: 0, estimated: 0 } },
  } as never);
  state.remotes({
    schema: 1,
    since: iso(3600),
    remotes: [
      {
        address: '192.0.2.7',
        name: 'files.pythonhosted.org',
        nameSource: 'dns',
        port: 443,
        protocol: 'tcp',
        class: 'wan',
        owners: 2,
        ...received(51_700_000, 890_000),
      },
      {
        address: '198.51.100.9',
        name: null,
        nameSource: null,
        port: null,
        protocol: 'udp',
        class: 'wan',
        owners: 1,
        ...received(120_000, 9_000),
      },
      {
        address: '',
        name: null,
        nameSource: null,
        port: null,
        protocol: 'other',
        class: 'lan',
        owners: 3,
        ...received(70, 0),
      },
    ],
  });
  hear({ event: 'build', build: build(), steps: STEPS }, NOW);
  hear(tick(2, 1), NOW);
  const grown = STEPS.map((it) =>
    it.layers.length === 0
      ? it
      : { ...it, layers: [layer('a', 13_100_000, 40_200_000), ...it.layers.slice(1)] },
  );
  hear(tick(1, 0.5), NOW);
  hear({ event: 'build', build: build(), steps: grown }, NOW);
  return state;
}

export function busyView(): LiveView {
  return busyState().view(NOW);
}
