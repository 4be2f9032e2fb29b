import { useRef, useSyncExternalStore } from 'react';
import type { LiveView } from '../../../src/live/types.js';
import type { LiveSource } from '../live-source.js';

/** What is shown now; while it stands still, what was shown when that began. */
export function useLive(source: LiveSource, paused: boolean): LiveView {
  const current = useSyncExternalStore(source.subscribe, source.current);
  const kept = useRef(current);
  if (!paused) kept.current = current;
  return kept.current;
}
