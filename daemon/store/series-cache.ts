import type { TrafficRow } from '../../src/metering/types.js';

/** At about 200 bytes an entry, 6 MB when full; fuller, it begins anew. */
const MAX_ENTRIES = 32_768;

/**
 * Ids of series, so that a row which is written every second is not looked up in four tables each time.
 * It only ever learns what is committed, and forgets all whenever series may have been deleted.
 */
export class SeriesCache {
  readonly #ids = new Map<string, number>();

  get(row: TrafficRow): number | undefined {
    return this.#ids.get(keyOf(row));
  }

  set(row: TrafficRow, id: number): void {
    if (this.#ids.size >= MAX_ENTRIES) this.#ids.clear();
    this.#ids.set(keyOf(row), id);
  }

  clear(): void {
    this.#ids.clear();
  }
}

/** Names of proxies and ids of owners may contain a space; no name contains the zero byte. */
function keyOf({ tier, class: trafficClass, link, proxy, remote, ownerId }: TrafficRow): string {
  const end = `${remote.protocol} ${remote.port} ${remote.address} ${ownerId}\0${proxy ?? ''}`;
  return `${tier} ${trafficClass} ${link ?? ''} ${end}`;
}
