/**
 * ui: the full-screen live view. Loaded for `netmeter top` in a terminal and for nothing else, since Ink and
 * React take longer to load than other commands to run; see docs/decisions/0008.
 */
import { render } from 'ink';
import type { Place } from '../../src/protocol/paths.js';
import type { Terminal } from '../io.js';
import { App } from './components/App.js';
import { SpokenApp, type SpokenProps } from './components/SpokenApp.js';
import { Feed } from './feed.js';
import { PacedSource } from './live-source.js';
import { FullScreen } from './terminal/full-screen.js';
import { isUtf8 } from './text/charset.js';

export interface LiveViewOptions {
  places: readonly Place[];
  terminal: Terminal;
  env: Readonly<Record<string, string | undefined>>;
  colors: boolean;
  timeZone: string;
  now(): number;
  signal: AbortSignal;
}

/** Somebody who listens wants to hear a figure to its end. */
const SPOKEN_FRAME_MS = 10_000;

/**
 * Shows the live view until somebody quits or `signal` is aborted, and leaves the terminal as it was.
 * @throws NetmeterError what ended it
 */
export async function showLiveView(options: LiveViewOptions): Promise<void> {
  const { terminal, env, now, signal } = options;
  const quit = new AbortController();
  const ended = AbortSignal.any([signal, quit.signal]);
  const feed = new Feed({ ...options, signal: ended });
  const isSpoken = env.INK_SCREEN_READER === 'true';
  const source = new PacedSource(feed, now, isSpoken ? SPOKEN_FRAME_MS : undefined);
  const theme = { colors: options.colors, ascii: !isUtf8(env) };
  const show = isSpoken ? showSpoken : showFullScreen;
  source.start();
  const { close, ended: screenEnded } = show(terminal, { source, theme, onQuit: () => quit.abort() });
  const restore = terminal.onExit(close);
  try {
    // A screen that cannot be drawn ends by itself, with its error.
    await Promise.race([feed.run(), screenEnded]);
  } finally {
    quit.abort();
    source.stop();
    close();
    restore();
  }
}

interface Shown {
  close(): void;
  ended: Promise<unknown>;
}

type Show = (terminal: Terminal, props: SpokenProps) => Shown;

const showFullScreen: Show = ({ input, output }, { theme, ...props }) => {
  const screen = new FullScreen(output);
  screen.open();
  const instance = render(<App {...props} paper={{ theme, book: screen.book }} timeZone={undefined} />, {
    stdout: screen as unknown as NodeJS.WriteStream,
    stdin: input,
    debug: true,
    exitOnCtrlC: false,
    patchConsole: false,
  });
  const close = () => {
    screen.close();
    instance.unmount();
    input.pause();
  };
  return { close, ended: instance.waitUntilExit() };
};

const showSpoken: Show = ({ input, output }, props) => {
  const instance = render(<SpokenApp {...props} />, {
    stdout: output,
    stdin: input,
    isScreenReaderEnabled: true,
    exitOnCtrlC: false,
    patchConsole: false,
  });
  const close = () => {
    instance.unmount();
    output.write('\n');
    input.pause();
  };
  return { close, ended: instance.waitUntilExit() };
};
