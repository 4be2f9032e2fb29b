import { Box, Text } from 'ink';
import type { ReactElement } from 'react';
import { escapeText } from '../../../src/text/escape.js';
import { useKeys } from '../hooks/use-keys.js';
import { useLive } from '../hooks/use-live.js';
import { spokenLines } from '../screens/spoken.js';
import { toAscii } from '../text/charset.js';
import type { Theme } from '../text/styled.js';
import type { AppProps } from './App.js';

export interface SpokenProps extends Pick<AppProps, 'source' | 'onQuit'> {
  theme: Theme;
}

/** The live view for screen readers: few sentences, no columns, no signs. */
export function SpokenApp({ source, theme, onQuit }: SpokenProps): ReactElement {
  const view = useLive(source, false);
  useKeys(({ text }) => {
    if (text === 'q') onQuit();
  }, onQuit);
  return (
    <Box flexDirection="column">
      {[...spokenLines(view), 'Press q to quit.'].map((line, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a sentence is its place
        <Text key={i}>{theme.ascii ? toAscii(escapeText(line)) : escapeText(line)}</Text>
      ))}
    </Box>
  );
}
