/**
 * Documents as a daemon answers them, with everything that text must cope with: unknown figures, negative
 * ones, wide characters, names that would drive a terminal, failing sources.
 */
import type {
  BuildDocument,
  BuildShowDocument,
  BuildsDocument,
  DoctorDocument,
  ReconciliationDocument,
  ReportDocument,
  RunDocument,
  SavedDocument,
  StatusDocument,
  StatusOwner,
  StepDocument,
} from '../../../src/protocol/documents.js';
import type { Readiness } from '../../../src/protocol/launch.js';
import type { Event } from '../../../src/protocol/messages.js';

const NOTHING = { rxBytes: 0, txBytes: 0 };
const UNKNOWN = { rxBytes: null, txBytes: null };
const HOSTILE = 'evil\u001b[2J\u202e\n\u0007name';
const WIDE = '[2/3] RUN echo 日本語のとても長い名前のステップ';

const RECONCILIATION: ReconciliationDocument = {
  linkBytes: 61_203_118,
  attributedBytes: 61_199_870,
  tunnelOverheadBytes: 1_200,
  unattributedBytes: 2_048,
  linkPackets: 41_876,
  attributedPackets: 41_870,
  packetsComparable: true,
  rxHeaderBytes: 0,
  txHeaderBytes: 14,
};

function owner(over: Partial<StatusOwner>): StatusOwner {
  return {
    kind: 'container',
    name: 'web',
    id: 'container:0',
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

export const STATUS: StatusDocument = {
  schema: 1,
  running: true,
  pid: 4711,
  startedAt: '2026-11-24T09:00:00.000Z',
  version: '0.1.0',
  since: '2026-11-24T09:00:00.000Z',
  tiers: { meter: 'exact', builds: 'history and executor', links: 'link' },
  links: [
    {
      name: 'wlan0',
      interface: 'wlan0',
      metered: null,
      meteredBecause: null,
      rxBytes: 60_000_000,
      txBytes: 1_203_118,
      budget: null,
      reconciliation: RECONCILIATION,
    },
    {
      name: 'wwan0',
      interface: 'wwan0',
      metered: null,
      meteredBecause: null,
      ...NOTHING,
      budget: null,
      reconciliation: null,
    },
  ],
  owners: [
    owner({ kind: 'host', name: 'sshd.service', wan: { rxBytes: 1_000, txBytes: 999 } }),
    owner({ kind: 'step', name: WIDE, wan: { rxBytes: 51_801_246, txBytes: 900_000 } }),
    owner({ name: HOSTILE, lan: { rxBytes: 5, txBytes: 6 }, tier: 'polled' }),
    owner({
      name: 'shop-db-1',
      composeProject: 'shop',
      composeService: 'db',
      proxy: { rxBytes: 12_345, txBytes: 0 },
    }),
  ],
  reconciliation: RECONCILIATION,
  lost: { mapOverflows: 3, overflowBytesByCgroup: 0 },
  warnings: [
    {
      code: 'bpffs-read-only',
      message: '/sys/fs/bpf is read-only',
      at: '2026-11-24T09:00:00.000Z',
      seen: false,
    },
  ],
  sources: [
    { name: 'ebpf', ok: true, because: null, code: null, hint: null, lastDurationMs: 0.4 },
    {
      name: 'docker',
      ok: false,
      because: 'no Docker engine at unix:///var/run/docker.sock (DOCKER_HOST): nobody listens there',
      code: 'engine-unreachable',
      hint: 'start it (sudo systemctl start docker)',
      lastDurationMs: null,
    },
    { name: 'executor', ok: false, because: null, code: null, hint: null, lastDurationMs: null },
  ],
};

const SAVED: SavedDocument = {
  bytes: 38_000_000,
  headlineBytes: 21_000_000,
  lowBytes: 17_000_000,
  highBytes: 38_400_000,
  byCause: {
    cacheMount: 21_000_000,
    proxy: 0,
    layerCache: 17_000_000,
    localImage: 0,
    sharedBuild: 0,
  },
  unknownSteps: 1,
  residualBytes: -12_000,
};

const ALL_UNKNOWN: SavedDocument = {
  bytes: 0,
  headlineBytes: 0,
  lowBytes: 0,
  highBytes: 0,
  byCause: { cacheMount: 0, proxy: 0, layerCache: 0, localImage: 0, sharedBuild: 0 },
  unknownSteps: 3,
  residualBytes: 0,
};

const BUILD: BuildDocument = {
  ref: 'k3v9d0q2x1abcdefghijklmno',
  name: 'shop:latest',
  project: 'shop',
  context: '/home/me/shop',
  dockerfile: 'Dockerfile',
  target: null,
  platforms: ['linux/amd64'],
  engine: 'unix:///var/run/docker.sock',
  link: 'wlan0',
  metered: null,
  status: 'completed',
  startedAt: '2026-11-24T09:10:00.000Z',
  completedAt: '2026-11-24T09:14:02.000Z',
  steps: 7,
  cachedSteps: 2,
  wan: { rxBytes: 51_801_246, txBytes: 900_000 },
  coldBytes: 90_689_246,
  saved: SAVED,
};

export const BUILDS: BuildsDocument = {
  schema: 1,
  builds: [
    {
      ...BUILD,
      ref: 'zzz-running',
      name: '日本語プロジェクト',
      status: 'running',
      completedAt: null,
      wan: NOTHING,
      coldBytes: null,
      saved: null,
    },
    BUILD,
    {
      ...BUILD,
      ref: 'yyy',
      name: HOSTILE,
      status: 'failed',
      wan: UNKNOWN,
      link: null,
      coldBytes: null,
      saved: ALL_UNKNOWN,
    },
  ],
};

export function step(over: Partial<StepDocument>): StepDocument {
  return {
    digest: 'sha256:0',
    number: 1,
    name: '[1/3] FROM debian',
    stage: null,
    instruction: 'FROM debian',
    platform: null,
    kind: 'from',
    status: 'done',
    sharedWith: null,
    startedAt: '2026-11-24T09:10:00.000Z',
    completedAt: '2026-11-24T09:10:12.300Z',
    durationMs: 12_300,
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

const MOUNT = { id: '/root/.cache/pip', target: '/root/.cache/pip', recordId: 'r', sharing: 'shared' };
const SIZES = { bytesBefore: null, bytesAfter: null };

export const BUILD_SHOW: BuildShowDocument = {
  schema: 1,
  build: BUILD,
  steps: [
    step({ kind: 'internal', name: '[internal] load build definition from Dockerfile' }),
    step({ kind: 'internal', name: '[internal] load metadata', wan: { rxBytes: 4_000, txBytes: 800 } }),
    step({ wan: { rxBytes: 30_000_000, txBytes: 500_000 }, attribution: 'inferred' }),
    step({
      kind: 'run',
      name: WIDE,
      wan: { rxBytes: 21_801_246, txBytes: 400_000 },
      cacheMounts: [
        { ...MOUNT, emptyAtStart: false, ...SIZES },
        { ...MOUNT, id: null, target: `/${HOSTILE}`, emptyAtStart: true, ...SIZES },
        { ...MOUNT, id: 'apt', emptyAtStart: null, ...SIZES },
      ],
      coldBytes: 43_201_246,
      coldBasis: 'derived',
      coldAt: '2026-11-24T09:13:00.000Z',
      savings: [
        {
          cause: 'cache-mount',
          bytes: 21_000_000,
          lowBytes: 0,
          highBytes: 21_400_000,
          marginalBytes: null,
          basis: 'derived',
        },
      ],
      residualBytes: 0,
    }),
    step({
      kind: 'run',
      name: `RUN ${HOSTILE}`,
      status: 'failed',
      wan: UNKNOWN,
      attribution: 'unattributed',
    }),
    step({
      kind: 'run',
      name: '[3/3] RUN make',
      status: 'cached',
      durationMs: 0,
      coldBytes: 17_000_000,
      coldBasis: 'measured',
      coldAt: '2026-11-20T09:13:00.000Z',
      savings: [
        {
          cause: 'layer-cache',
          bytes: 17_000_000,
          lowBytes: 17_000_000,
          highBytes: 17_000_000,
          marginalBytes: 20_000,
          basis: 'measured',
        },
      ],
      residualBytes: 0,
    }),
    step({ kind: 'run', name: '[b 2/2] RUN make', status: 'shared', sharedWith: 'zzz-running-long-ref' }),
    step({ kind: 'run', name: '[c 2/2] RUN make', status: 'running', durationMs: null, completedAt: null }),
  ],
};

export const REPORT: ReportDocument = {
  schema: 1,
  since: '2026-11-17T09:00:00.000Z',
  until: '2026-11-24T09:00:00.000Z',
  timeZone: 'UTC',
  wan: { rxBytes: 61_000_000, txBytes: 203_118 },
  byOwnerKind: {
    step: { rxBytes: 51_801_246, txBytes: 100_000 },
    pull: NOTHING,
    engine: { rxBytes: 9_000_000, txBytes: 100_000 },
    container: NOTHING,
    proxy: NOTHING,
    host: { rxBytes: 198_754, txBytes: 3_118 },
    unattributed: { rxBytes: -1_500, txBytes: 0 },
  },
  builds: { count: 3, failed: 1 },
  coldBytes: 99_191_118,
  saved: {
    ...SAVED,
    meteredBytes: 21_000_000,
    byBasis: { measured: 17_000_000, derived: 21_000_000, estimated: 0 },
    proxyOverheadBytes: 0,
  },
  money: [{ currency: 'EUR', spent: 0.214, saved: 0.133 }],
  workAvoidedMs: 93_000,
  energyWh: { used: 3.672, saved: 2.28, source: '60 Wh/GB, whoever says so' },
  links: [{ name: 'wlan0', metered: null, bytes: 61_203_118, reconciliation: RECONCILIATION, budget: null }],
  days: [
    { date: '2026-11-23', usedBytes: 1_203_118, savedBytes: null, headlineBytes: null },
    { date: '2026-11-24', usedBytes: 60_000_000, savedBytes: 38_000_000, headlineBytes: 21_000_000 },
  ],
  weeks: [
    {
      week: '2026-W47',
      isWhole: true,
      usedBytes: 44_000_000,
      savedBytes: 12_000_000,
      headlineBytes: 12_000_000,
    },
    {
      week: '2026-W48',
      isWhole: false,
      usedBytes: 61_203_118,
      savedBytes: 38_000_000,
      headlineBytes: 21_000_000,
    },
  ],
  changes: [{ name: HOSTILE, usedBytes: 5, previousUsedBytes: 2_000_000 }],
  projects: [{ name: '日本語プロジェクト', usedBytes: 51_901_246, savedBytes: 38_000_000 }],
  topSteps: [
    { name: WIDE, project: 'shop', bytes: 22_201_246, savedBytes: 21_000_000 },
    { name: HOSTILE, project: null, bytes: 5, savedBytes: null },
  ],
  estimates: { count: 0, medianErrorRatio: null },
  previous: { usedBytes: null, savedBytes: null },
  tiers: { exact: 61_203_118, header: 0, polled: 0 },
  advice: [
    {
      code: 'no-cache-mount',
      message: `this step downloads with pip and has no cache mount: ${HOSTILE}`,
      where: 'Dockerfile:12',
      savesBytes: 9_000_000,
      basis: 'measured',
    },
  ],
};

export const EMPTY_REPORT: ReportDocument = {
  ...REPORT,
  wan: NOTHING,
  byOwnerKind: {
    step: NOTHING,
    pull: NOTHING,
    engine: NOTHING,
    container: NOTHING,
    proxy: NOTHING,
    host: NOTHING,
    unattributed: NOTHING,
  },
  builds: { count: 0, failed: 0 },
  coldBytes: 0,
  saved: {
    ...ALL_UNKNOWN,
    unknownSteps: 0,
    meteredBytes: 0,
    byBasis: { measured: 0, derived: 0, estimated: 0 },
    proxyOverheadBytes: 0,
  },
  money: null,
  workAvoidedMs: 0,
  energyWh: { used: 0, saved: 0, source: '60 Wh/GB, whoever says so' },
  links: [],
  days: [],
  weeks: [],
  changes: [],
  projects: [],
  topSteps: [],
  previous: { usedBytes: 0, savedBytes: null },
  advice: [],
};

export const DOCTOR: DoctorDocument = {
  schema: 1,
  ok: false,
  checks: [
    { name: 'kernel', ok: true, found: 'Linux 6.18', needed: 'Linux 5.10 or later', fix: null },
    {
      name: 'rights',
      ok: false,
      found: 'user 1000 may not load BPF programs',
      needed: 'root',
      fix: 'sudo netmeter start',
    },
    { name: 'docker', ok: false, found: HOSTILE, needed: 'a Docker engine that answers', fix: null },
  ],
};

export const RUN: RunDocument = {
  schema: 1,
  command: ['docker', 'build', '.'],
  exitCode: 0,
  signal: null,
  startedAt: '2026-11-24T09:10:00.000Z',
  durationMs: 242_000,
  wan: { rxBytes: 1_000_000, txBytes: 50_000 },
  lan: NOTHING,
  proxy: NOTHING,
  tier: 'exact',
  remotes: [],
  build: BUILD,
  warnings: [],
};

export const READINESS: Readiness = {
  tiers: { meter: 'polled', builds: null, links: 'link' },
  sources: [
    {
      name: 'meter',
      tier: 'polled',
      ok: true,
      because: 'the kernel does not let this process load BPF programs',
      code: 'permission-denied',
      better: 'run it as root (sudo)',
    },
    { name: 'links', tier: 'link', ok: true, because: 'wlan0', code: null, better: null },
    { name: 'docker', tier: null, ok: false, because: HOSTILE, code: 'engine-nonsense', better: null },
  ],
  warnings: [{ code: 'database-set-aside', message: 'the database was damaged' }],
};

const OWNED = { lan: NOTHING, proxy: NOTHING, wan: NOTHING, step: null };

export const EVENTS: Event[] = [
  { version: 1, event: 'hello', daemonVersion: '0.1.0', startedAt: '2026-11-24T09:00:00.000Z', tickMs: 1000 },
  {
    version: 1,
    event: 'tick',
    tick: {
      from: '2026-11-24T09:10:00.000Z',
      to: '2026-11-24T09:10:02.000Z',
      links: [{ name: 'wlan0', rxBytes: 2_000_000, txBytes: 1_000 }],
      owners: [
        { id: 'exec:x', kind: 'step', name: WIDE, ...OWNED, wan: { rxBytes: 2_000_000, txBytes: 900 } },
        { id: 'host:/', kind: 'host', name: HOSTILE, ...OWNED, lan: { rxBytes: 1, txBytes: 0 } },
      ],
    },
  },
  { version: 1, event: 'build', build: BUILDS.builds[0]!, steps: BUILD_SHOW.steps },
  { version: 1, event: 'build', build: BUILDS.builds[2]!, steps: [] },
  {
    version: 1,
    event: 'warning',
    warning: { code: 'link-gone', message: `wlan0 ${HOSTILE}`, at: '2026-11-24T09:11:00.000Z' },
  },
  { version: 1, event: 'dropped', count: 12 },
];
