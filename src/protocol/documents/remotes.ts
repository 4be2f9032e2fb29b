import type { TrafficClass } from '../../metering/types.js';
import type { Transfer } from '../../units.js';

export interface RemoteDocument extends Transfer {
  address: string;
  /** Name it was reached by, when that is known. */
  name: string | null;
  /** Where it was heard, such as `dns` or `tls-sni`; `instruction` for the one that the step's own words mean, unheard. */
  nameSource: string | null;
  /** The service's port; null for ports of 32768 and above, which are not told apart. */
  port: number | null;
  protocol: string;
  class: TrafficClass;
}

/** Remotes of a period, the same remote once per class. */
export interface RemotesDocument {
  schema: 1;
  since: string;
  remotes: (RemoteDocument & {
    /** How many owners talked to it. */
    owners: number;
  })[];
}
