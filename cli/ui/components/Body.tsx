import { Box } from 'ink';
import type { ReactElement } from 'react';
import type { Shown } from '../state/window.js';
import { type Line, span } from '../text/line.js';
import { LineText } from './LineText.js';

interface Props {
  shown: Shown;
  height: number;
  /** Rows are marked, too, for those who see no colours. */
  marks: boolean;
}

/** The list in the middle, its selected row marked. */
export function Body({ shown, height, marks }: Props): ReactElement {
  return (
    <Box flexDirection="column" height={height} flexShrink={0}>
      {shown.lines.map(({ line, selected }, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place on the screen
        <LineText key={i} line={marks ? marked(line, selected) : line} selected={selected} />
      ))}
    </Box>
  );
}

function marked(line: Line, selected: boolean): Line {
  return [span(selected ? '>' : ' ', 'accent'), ...line];
}
