import { Text } from 'ink';
import { memo, type ReactElement, useContext } from 'react';
import { escapeText } from '../../../src/text/escape.js';
import { toAscii } from '../text/charset.js';
import type { Line, Tone } from '../text/line.js';
import { ThemeContext } from './Theme.js';

type Style = { color?: string; bold?: true; dimColor?: true; inverse?: true };

const STYLES: Record<Tone, Style> = {
  plain: {},
  dim: { dimColor: true },
  strong: { bold: true },
  good: { color: 'green' },
  warn: { color: 'yellow' },
  bad: { color: 'red' },
  accent: { color: 'cyan' },
  selected: { inverse: true },
};

interface Props {
  line: Line;
  selected?: boolean;
}

/** One line. Nothing reaches the terminal but through here: whatever a name has in it, it is text. */
export const LineText = memo(function LineText({ line, selected = false }: Props): ReactElement {
  const { colors, ascii } = useContext(ThemeContext);
  const spans = line.map(({ text, tone }, i) => {
    const safe = ascii ? toAscii(escapeText(text)) : escapeText(text);
    // Spans have no identity of their own but their place.
    const key = `${i}`;
    return colors && tone !== 'plain' ? (
      <Text key={key} {...STYLES[tone]}>
        {safe}
      </Text>
    ) : (
      safe
    );
  });
  return (
    <Text wrap="truncate" {...(colors && selected ? { inverse: true } : {})}>
      {line.every(({ text }) => text === '') ? ' ' : spans}
    </Text>
  );
}, isSame);

/** Lines are made anew with every frame; most say the same. */
function isSame(before: Props, after: Props): boolean {
  if (before.selected !== after.selected || before.line.length !== after.line.length) return false;
  return before.line.every(({ text, tone }, i) => {
    const other = after.line[i];
    return other?.text === text && other.tone === tone;
  });
}
