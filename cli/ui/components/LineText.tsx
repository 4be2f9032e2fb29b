import { Text } from 'ink';
import { createContext, memo, type ReactElement, useContext } from 'react';
import type { LineBook } from '../terminal/line-book.js';
import type { Line } from '../text/line.js';
import { styled, type Theme } from '../text/styled.js';

/** What lines are drawn with. */
export interface Paper {
  theme: Theme;
  book: LineBook;
}

export const PaperContext = createContext<Paper | undefined>(undefined);

interface Props {
  line: Line;
  selected?: boolean;
}

/** One line of the screen. */
export const LineText = memo(function LineText({ line, selected = false }: Props): ReactElement {
  const paper = useContext(PaperContext);
  if (paper === undefined) throw new Error('a line without paper');
  return <Text>{paper.book.sign(styled(line, selected, paper.theme))}</Text>;
}, isSame);

/** Lines are made anew with every frame; most say the same. */
function isSame(before: Props, after: Props): boolean {
  if (before.selected !== after.selected || before.line.length !== after.line.length) return false;
  return before.line.every(({ text, tone }, i) => {
    const other = after.line[i];
    return other?.text === text && other.tone === tone;
  });
}
