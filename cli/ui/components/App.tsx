import { Box } from 'ink';
import { type ReactElement, useEffect, useRef, useState } from 'react';
import { useKeys } from '../hooks/use-keys.js';
import { useLive } from '../hooks/use-live.js';
import { useSize } from '../hooks/use-size.js';
import type { LiveSource } from '../live-source.js';
import type { ScreenContext } from '../screens/context.js';
import { periodsOf, screenOf, wantedRefs } from '../screens/screen.js';
import { waitingLines } from '../screens/waiting.js';
import { pressed } from '../state/keys.js';
import { initialState, isPanel, type UiState } from '../state/ui-state.js';
import { Body } from './Body.js';
import { Lines } from './Lines.js';
import { type Paper, PaperContext } from './LineText.js';

export interface AppProps {
  source: LiveSource;
  paper: Paper;
  /** Undefined for this process's own. */
  timeZone: string | undefined;
  onQuit(): void;
}

/** The live view: what the source says, as the person in front of it wants to see it. */
export function App({ source, paper, timeZone, onQuit }: AppProps): ReactElement {
  const [ui, setUi] = useState(initialState);
  const view = useLive(source, ui.paused);
  const size = useSize();
  const tops = useRef<Partial<Record<string, number>>>({});
  const context: ScreenContext = { view, ui, ...size, timeZone };
  const screen = screenOf(context, lastTop(ui, tops.current));
  tops.current = { ...tops.current, [placeOf(ui)]: screen.shown.top };

  const refs = wantedRefs(context).join(' ');
  useEffect(() => {
    const wanted = refs === '' ? [] : refs.split(' ');
    source.want({
      period: ui.period,
      remotes: ui.tab === 'remotes',
      warnings: ui.tab === 'warnings',
      refs: wanted,
    });
  }, [source, ui.period, ui.tab, refs]);

  // Keys may come faster than frames: each counts on what the one before it has changed.
  const latest = useRef(context);
  latest.current = context;
  useKeys((press) => {
    const now = latest.current;
    if (!now.ui.isTyping && press.text === 'q') {
      onQuit();
      return;
    }
    const { rows, selected, height, shown } = screenOf(now, lastTop(now.ui, tops.current));
    const keys = rows.filter(({ selectable }) => selectable).map(({ key }) => key);
    const scene = { rows: keys, selected, page: height, periods: periodsOf(now) };
    // A panel is not scrolled beyond its end.
    const scroll = isPanel(now.ui) ? shown.top : 0;
    latest.current = { ...now, ui: pressed({ ...now.ui, scroll }, press, scene) };
    setUi(latest.current.ui);
  }, onQuit);

  return (
    <PaperContext.Provider value={paper}>
      {view.daemonVersion === null ? (
        <Lines lines={waitingLines(view.connection, size.columns)} />
      ) : (
        // A line is a sign of one cell to Ink.
        <Box flexDirection="column" width={1}>
          <Lines lines={screen.header} />
          <Body shown={screen.shown} height={screen.height} marks={!isPanel(ui)} />
          <Lines lines={screen.groups} />
          <Lines lines={screen.footer} />
        </Box>
      )}
    </PaperContext.Provider>
  );
}

/** Lists keep their place each; a panel begins at its top. */
function placeOf(ui: UiState): string {
  return isPanel(ui) ? 'panel' : ui.tab;
}

function lastTop(ui: UiState, tops: Partial<Record<string, number>>): number {
  return isPanel(ui) ? ui.scroll : (tops[ui.tab] ?? 0);
}
