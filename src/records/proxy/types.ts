import type { EpochMs } from '../../units.js';
import type { ProxyLogKind, ProxyRequest } from '../types.js';

/** A request as its line tells it; its key comes from the line itself. */
export type LoggedRequest = Omit<ProxyRequest, 'key' | 'package'>;

/** What a line is: a request, nothing of interest, one that waits for its other half, or none of this format. */
export type LineReading = LoggedRequest[] | 'other' | 'misfit';

/** Reads one format, line by line. */
export interface ProxyLogFormat {
  readonly kind: ProxyLogKind;
  /** @param at when the line was written, where whoever kept it tells; of use to formats that have no times */
  read(line: string, at?: EpochMs): LineReading;
  /** What was still waiting. */
  end(): LoggedRequest[];
  /** What this format cannot tell, one sentence each. */
  readonly unknown: readonly string[];
}
