import { Box } from 'ink';
import type { ReactElement } from 'react';
import type { Line } from '../text/line.js';
import { LineText } from './LineText.js';

/** Lines below each other, each at its place: a line that stays the same is not drawn again. */
export function Lines({ lines }: { lines: readonly Line[] }): ReactElement {
  return (
    <Box flexDirection="column" flexShrink={0}>
      {lines.map((line, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place on the screen
        <LineText key={i} line={line} />
      ))}
    </Box>
  );
}
