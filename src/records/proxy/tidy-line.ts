const LONGEST_LINE = 65_536;
/** Colours, as programs write them that take their output for a terminal (ECMA-48, SGR). */
const COLOUR = /\u001b\[[0-9;]*m/g;

/** A line without colours and without what cannot be seen at its end, and of a bounded length. */
export function tidyLine(line: string): string {
  const cut = line.length > LONGEST_LINE ? line.slice(0, LONGEST_LINE) : line;
  const plain = cut.includes('\u001b') ? cut.replace(COLOUR, '') : cut;
  return plain.trimEnd();
}
