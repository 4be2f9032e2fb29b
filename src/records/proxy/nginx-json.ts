/** nginx's access log as JSON, one object a line, whose keys are the variables' names (`escape=json`). */
import { nginxRequest, nginxUnknowns } from './nginx-format.js';
import type { LineReading, LoggedRequest, ProxyLogFormat } from './types.js';

export class NginxJson implements ProxyLogFormat {
  readonly kind = 'nginx-json';
  readonly #seen = new Set<string>();

  get unknown(): string[] {
    return nginxUnknowns((name) => this.#seen.has(name));
  }

  read(line: string): LineReading {
    const json = objectOf(line);
    if (json === undefined) return 'misfit';
    const value = (name: string): string | undefined => {
      const held = json[name];
      if (typeof held !== 'string' && typeof held !== 'number') return undefined;
      this.#seen.add(name);
      return String(held);
    };
    // What makes it nginx's: any JSON log may have a status and bytes.
    if (!['upstream_cache_status', 'body_bytes_sent', 'bytes_sent'].some((name) => name in json))
      return 'misfit';
    value('upstream_bytes_received');
    value('upstream_response_length');
    const access = value('access_time') ?? value('time_local') ?? value('time');
    const request = nginxRequest((name) => value(name) ?? (name === 'time_local' ? access : undefined));
    return request === undefined ? 'misfit' : [request];
  }

  end(): LoggedRequest[] {
    return [];
  }
}

/** The object that a line is; undefined for everything else. */
export function objectOf(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
