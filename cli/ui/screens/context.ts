import type { LiveView } from '../../../src/live/types.js';
import type { UiState } from '../state/ui-state.js';

/** What every part of the screen is made from. */
export interface ScreenContext {
  view: LiveView;
  ui: UiState;
  columns: number;
  rows: number;
  timeZone: string | undefined;
}
