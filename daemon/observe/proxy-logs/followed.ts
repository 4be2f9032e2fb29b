import type { FollowedPiece } from '../../store/proxy-logs.js';

/** One log, read on from where it was read to. */
export interface Followed {
  /** The next piece, undefined when there is nothing new. The caller stores it before asking again. */
  next(): FollowedPiece | undefined;
  close(): void;
}
