import { Box } from 'ink';
import { type ReactElement, useEffect, useMemo, useRef, useState } from 'react';
import { useKeys } from '../hooks/use-keys.js';
import { useLive } from '../hooks/use-live.js';
import { useSize } from '../hooks/use-size.js';
import type { LiveSource } from '../live-source.js';
import type { ScreenContext } from '../screens/context.js';
import { periodsOf, screenOf, wantedRefs } from '../screens/screen.js';
import { waitingLines } from '../screens/waiting.js';
import { pressed } from '../state/keys.js';
import { initialState } from '../state/ui-state.js';
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
  const isPanel = ui.help || ui.details !== undefined;
  const place = isPanel ? 'panel' : ui.tab;
  const screen = screenOf(context, isPanel ? ui.scroll : (tops.current[place] ?? 0));
  const { shown } = screen;
  tops.current = { ...tops.current, [place]: shown.top };

  const refs = wantedRefs(context).join(' ');
  useEffect(() => {
    const wanted = refs === '' ? [] : refs.split(' ');
    source.want({ period: ui.period, remotes: ui.tab === 'remotes', refs: wanted });
  }, [source, ui.period, ui.tab, refs]);

  useKeys((press) => {
    if (!ui.isTyping && press.text.includes('q')) {
      onQuit();
      return;
    }
    const rows = screen.rows.filter(({ selectable }) => selectable).map(({ key }) => key);
    const scene = { rows, selected: screen.selected, page: screen.height, periods: periodsOf(context) };
    // A panel is not scrolled beyond its end.
    setUi((before) => pressed({ ...before, scroll: isPanel ? shown.top : 0 }, press, scene));
  }, onQuit);

  const isWaiting = view.daemonVersion === null;
  const body = useMemo(
    () => (isWaiting ? waitingLines(view.connection, size.columns) : []),
    [isWaiting, view.connection, size.columns],
  );
  return (
    <PaperContext.Provider value={paper}>
      {isWaiting ? (
        <Lines lines={body} />
      ) : (
        // A line is a sign of one cell to Ink.
        <Box flexDirection="column" width={1}>
          <Lines lines={screen.header} />
          <Body shown={shown} height={screen.height} marks={!isPanel} />
          <Lines lines={screen.groups} />
          <Lines lines={screen.footer} />
        </Box>
      )}
    </PaperContext.Provider>
  );
}
