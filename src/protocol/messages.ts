/**
 * protocol: the messages between the daemon and its clients. One-shot requests are
 * `POST /request` with a Request as JSON on the daemon's Unix socket; live clients open a
 * WebSocket at `/live` on the same socket, send Requests and receive Replies and Events as JSON texts.
 */

import type { Cycle } from '../budget/cycle.js';
import type { Build } from '../builds/types.js';
import type { StepInput } from '../estimate/types.js';
import type { ImportAnswer, ImportPart } from '../records/import.js';
import type {
  AdviseDocument,
  BudgetsDocument,
  BuildDocument,
  BuildShowDocument,
  BuildsDocument,
  CacheRecordsDocument,
  CachesDocument,
  DoctorDocument,
  EstimateDocument,
  LinksDocument,
  PromptDocument,
  ProxiesDocument,
  RemotesDocument,
  ReportDocument,
  RunDocument,
  ScheduleDocument,
  StatusDocument,
  StepDocument,
} from './documents.js';

export const PROTOCOL_VERSION = 1;

/** Longest request, in bytes. */
export const MAX_REQUEST_BYTES = 8_388_608;

/** What can be asked, with its parameters. Times are epoch milliseconds. */
export interface RequestParams {
  status: { since?: number };
  builds: { limit?: number };
  build: { ref: string };
  /** Remotes of all owners in a period, most bytes first. */
  remotes: { since: number; limit?: number };
  report: { since: number; until?: number; timeZone: string };
  /** `show` changes nothing. */
  'report-schedule': {
    schedule: 'weekly' | 'off' | 'show';
    format: 'text' | 'md' | 'html' | 'json';
    timeZone: string;
  };
  /** What to change in a Dockerfile, given as its text, by what its steps moved in a period. */
  advise: { text: string; file: string; path?: string; since: number; until?: number };
  /** What a build will fetch, by its Dockerfile and by what its steps take from the context. */
  estimate: EstimateParams;
  /** One file that was recorded elsewhere, or a part of it. */
  import: ImportPart;
  /** Package proxies, and what they did since then: all that is known when left out. */
  proxies: { since?: number };
  /** Counts something as a proxy from now on: an address with its port, or a container by name or id. */
  'proxy-add': { name: string; address?: string; container?: string };
  'proxy-remove': { name: string };
  /** Cache mounts of the engine, with their contents measured. */
  caches: Record<string, never>;
  /** All of BuildKit's records. */
  'cache-records': Record<string, never>;
  doctor: Record<string, never>;
  /** The daemon's log, for those who may not read the file: its last lines, or all after a cursor. */
  logs: { lines?: number; cursor?: string };
  /** Creates a cgroup for a command and moves `pid` into it: the asking process or a descendant of it. */
  'run-begin': { command: string[]; pid: number };
  /**
   * A build that this run's command runs, as its output tells of it so far; without one, that more will come.
   * Only for engines that tell nothing of builds themselves.
   */
  'run-progress': { runId: string; build?: Build };
  /**
   * Moves `pid` back to where it was, if it is still inside, and answers with what was used so far.
   * `final` ends the run: its cgroup is removed as soon as it is empty.
   */
  'run-end': { runId: string; pid: number; final: boolean };
  links: Record<string, never>;
  /** What is left out stays as it is. */
  'link-set': {
    name: string;
    metered?: 'yes' | 'no' | 'auto';
    price?: { perGigabyte: number; currency: string } | 'none';
    limitBytes?: number | 'default';
  };
  budgets: Record<string, never>;
  'budget-set': { link: string; limitBytes: number; cycle: Cycle; timeZone: string; usedBytes?: number };
  'budget-rm': { link: string };
  /** The default route's link, from memory. */
  prompt: Record<string, never>;
  /** A person has seen all warnings up to an instant. */
  'warnings-seen': { until: number };
  /** From then on this WebSocket receives events. */
  subscribe: Record<string, never>;
  /** Answered when everything but the socket itself is stopped. */
  stop: Record<string, never>;
}

/** What is answered. Documents are those that `--json` prints. */
export interface RequestResults {
  status: StatusDocument;
  builds: BuildsDocument;
  build: BuildShowDocument;
  remotes: RemotesDocument;
  report: ReportDocument;
  'report-schedule': ScheduleDocument;
  advise: AdviseDocument;
  estimate: EstimateDocument;
  import: ImportAnswer;
  proxies: ProxiesDocument;
  'proxy-add': ProxiesDocument;
  'proxy-remove': ProxiesDocument;
  caches: CachesDocument;
  'cache-records': CacheRecordsDocument;
  doctor: DoctorDocument;
  logs: LogsResult;
  'run-begin': RunBeginResult;
  'run-progress': Record<string, never>;
  'run-end': RunEndResult;
  links: LinksDocument;
  'link-set': LinksDocument;
  budgets: BudgetsDocument;
  'budget-set': BudgetsDocument;
  'budget-rm': BudgetsDocument;
  prompt: PromptDocument;
  'warnings-seen': Record<string, never>;
  subscribe: Record<string, never>;
  stop: StopResult;
}

export interface EstimateParams {
  /** Of the Dockerfile. */
  text: string;
  file: string;
  /** Absolute paths; left out where there are none. */
  path?: string;
  context?: string;
  target?: string;
  buildArgs: Record<string, string>;
  /** Names that stand for something else than an image: a folder, or `docker-image://…`. */
  contexts: Record<string, string>;
  platform?: string;
  /** That are built at the same time. What they fetch is not predicted, and said to be unknown. */
  otherPlatforms: string[];
  noCache: boolean;
  noCacheFilter: string[];
  pull: boolean;
  /** Registries are not asked. */
  offline: boolean;
  /** By line of the Dockerfile. */
  inputs: Record<string, StepInput>;
  /** Above which the build is not allowed on a metered link. */
  limitBytes?: number;
}

export interface LogsResult {
  lines: string[];
  /** Give it back to get what was written since. */
  cursor: string;
}

export interface RunBeginResult {
  runId: string;
  /** Below the cgroup2 mount. */
  cgroupPath: string;
  startedAt: string;
  /** The engine tells nothing of builds: what the command prints of one is asked for. */
  wantsProgress: boolean;
}

/** What a command used. `build` is the build it ran, if it was one. */
export type RunUsage = Pick<RunDocument, 'wan' | 'lan' | 'proxy' | 'tier' | 'remotes' | 'build' | 'warnings'>;

export interface RunEndResult extends RunUsage {
  runId: string;
  startedAt: string;
  durationMs: number;
  /** Processes that the command left behind in its cgroup. */
  remainingProcesses: number;
}

export interface StopResult {
  pid: number;
  /** Parts that did not stop as they should: what they say may be left behind. */
  problems: { part: string; message: string }[];
}

export type RequestType = keyof RequestParams;

export type Request<Type extends RequestType = RequestType> = {
  [T in Type]: { version: number; id: number; type: T; params: RequestParams[T] };
}[Type];

export interface WireError {
  code: string;
  message: string;
  hint: string | null;
}

export type Reply =
  | { version: number; id: number; ok: true; result: unknown }
  | { version: number; id: number; ok: false; error: WireError };

/** What subscribers receive, `hello` at once. A client that reads too slowly is told how many it missed. */
export type EventBody =
  | { event: 'hello'; daemonVersion: string; startedAt: string; tickMs: number }
  | { event: 'tick'; tick: TickEvent }
  | { event: 'build'; build: BuildDocument; steps: StepDocument[] }
  | { event: 'warning'; warning: { code: string; message: string; at: string } }
  | { event: 'dropped'; count: number };

export type Event = EventBody & { version: number };

/** One sample, for live views: what moved in this interval. Sent for intervals in which nothing did, too. */
export interface TickEvent {
  from: string;
  to: string;
  links: { name: string; rxBytes: number; txBytes: number }[];
  owners: {
    id: string;
    kind: string;
    name: string;
    wan: { rxBytes: number; txBytes: number };
    lan: { rxBytes: number; txBytes: number };
    proxy: { rxBytes: number; txBytes: number };
    /** The build step it belongs to, as far as that is known. */
    step: { ref: string; digest: string } | null;
  }[];
}
