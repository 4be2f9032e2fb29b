import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { lab } from './facts.js';

/** What the origin counted for one path; see scripts/lab/origin/tally.js. */
export interface PathCount {
  readonly requests: number;
  readonly aborted: number;
  readonly bodySent: number;
  readonly bodyReceived: number;
  /** TCP payload: bodies and HTTP headers. */
  readonly socketSent: number;
  readonly socketReceived: number;
}

export interface PortCount {
  readonly datagramsReceived: number;
  readonly bytesReceived: number;
  readonly datagramsSent: number;
  readonly bytesSent: number;
}

export interface OriginStats {
  readonly paths: Readonly<Record<string, PathCount>>;
  readonly udp: Readonly<Record<string, PortCount>>;
}

const NOTHING: PathCount = {
  requests: 0,
  aborted: 0,
  bodySent: 0,
  bodyReceived: 0,
  socketSent: 0,
  socketReceived: 0,
};

/** The origin's counts so far, read over its Unix socket: the uplink does not see it. */
export function originStats(): Promise<OriginStats> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: lab().originSocket, path: '/stats', timeout: 10_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.once('end', () => resolve(JSON.parse(text) as OriginStats));
      response.once('error', reject);
    });
    sent.once('timeout', () => sent.destroy(new Error('the origin did not answer in 10 s')));
    sent.once('error', reject);
    sent.end();
  });
}

/** What the origin counted for one path; zeros where nobody asked for it. */
export async function originPath(path: string): Promise<PathCount> {
  return (await originStats()).paths[path] ?? NOTHING;
}

/** A path of the origin that nobody has used: `/bytes/<bytes>/<label>-<random>`. */
export function bytesPath(bytes: number, label: string): string {
  return `/bytes/${bytes}/${label}-${randomUUID()}`;
}
