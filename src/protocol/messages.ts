/**
 * protocol: the messages between the daemon and its clients. One-shot requests are
 * `POST /request` with a Request as JSON on the daemon's Unix socket; live clients open a
 * WebSocket at `/live` on the same socket, send Requests and receive Replies and Events as JSON texts.
 */
export const PROTOCOL_VERSION = 1;

/** What can be asked, with its parameters. Every answer is the document of the same name that `--json` prints. */
export interface RequestParams {
  status: { since?: number };
  builds: { limit?: number };
  build: { ref: string };
  report: { since: number; until?: number; timeZone: string };
  doctor: Record<string, never>;
  /** Creates a cgroup for a command and moves the asking process into it. */
  'run-begin': { command: string[]; pid: number };
  /** Moves the process back and answers with what the command used. */
  'run-end': { runId: string; pid: number; final: boolean };
  /** From then on this WebSocket receives events. */
  subscribe: Record<string, never>;
  stop: Record<string, never>;
}

export type RequestType = keyof RequestParams;

export interface Request<Type extends RequestType = RequestType> {
  version: number;
  id: number;
  type: Type;
  params: RequestParams[Type];
}

export type Reply =
  | { version: number; id: number; ok: true; result: unknown }
  | { version: number; id: number; ok: false; error: { code: string; message: string; hint: string | null } };

/** What subscribers receive. A client that reads too slowly misses events and is told how many. */
export type Event =
  | { version: number; event: 'hello'; daemonVersion: string; startedAt: string }
  | { version: number; event: 'tick'; tick: TickEvent }
  | { version: number; event: 'build'; build: unknown; steps: unknown[] }
  | { version: number; event: 'warning'; warning: { code: string; message: string; at: string } }
  | { version: number; event: 'dropped'; count: number };

/** One sample, for live views: what moved in this interval and the totals since the daemon's start. */
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
  }[];
}
