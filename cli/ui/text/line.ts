import { escapeText } from '../../../src/text/escape.js';
import { cellWidth, cutToWidth } from '../../../src/text/width.js';

/** What a piece of text is, which a theme gives a colour. */
export type Tone = 'plain' | 'dim' | 'strong' | 'good' | 'warn' | 'bad' | 'accent' | 'selected';

export interface Span {
  text: string;
  tone: Tone;
}

/** One line of the screen. Widths are in cells: wide characters take two. */
export type Line = readonly Span[];

/** A piece of text that is safe to measure and to show, whatever was in it. */
export function span(text: string, tone: Tone = 'plain'): Span {
  return { text: escapeText(text), tone };
}

export function line(text: string, tone?: Tone): Line {
  return [span(text, tone)];
}

export function lineWidth(spans: Line): number {
  return spans.reduce((sum, { text }) => sum + cellWidth(text), 0);
}

/** Exactly `width` cells: cut with `…`, or filled with blanks. */
export function fitSpan({ text, tone }: Span, width: number, align: 'left' | 'right' = 'left'): Span {
  const cut = cutToWidth(text, width);
  const blanks = ' '.repeat(Math.max(0, width - cellWidth(cut)));
  return { text: align === 'right' ? blanks + cut : cut + blanks, tone };
}

/** At most `width` cells, cut with `…`. */
export function cutLine(spans: Line, width: number): Line {
  if (lineWidth(spans) <= width) return spans;
  const cut: Span[] = [];
  let room = width;
  for (const each of spans) {
    const own = cellWidth(each.text);
    // One cell stays for the mark that something is missing.
    if (own < room) {
      cut.push(each);
      room -= own;
      continue;
    }
    cut.push({ ...each, text: cutToWidth(own === room ? `${each.text} ` : each.text, room) });
    break;
  }
  return cut;
}

/** Texts of any length over several lines, broken anywhere. */
export function wrapText(text: string, width: number, tone?: Tone): Line[] {
  const lines: Line[] = [];
  let rest = escapeText(text);
  while (cellWidth(rest) > width && width > 1) {
    // The cut ends with a mark, for which there is room here.
    const cut = cutToWidth(rest, width + 1).slice(0, -1);
    const at = cut.lastIndexOf(' ') > width / 2 ? cut.lastIndexOf(' ') + 1 : cut.length;
    if (at === 0) break;
    lines.push(line(rest.slice(0, at).trimEnd(), tone));
    rest = rest.slice(at);
  }
  return [...lines, line(rest, tone)];
}

/** A part of a line that may be left out. */
export interface Segment {
  line: Line;
  /** The highest is left out first; 0 stays. */
  rank: number;
}

/** Segments side by side, without those that there is no room for. */
export function packed(segments: readonly Segment[], width: number, gap = '  '): Line {
  const kept = segments.filter((segment) => segment.line.length > 0);
  const total = () => kept.reduce((sum, each) => sum + lineWidth(each.line) + gap.length, -gap.length);
  while (kept.length > 1 && total() > width) {
    const worst = kept.reduce((a, b) => (b.rank >= a.rank ? b : a));
    if (worst.rank === 0) break;
    kept.splice(kept.indexOf(worst), 1);
  }
  const spans = kept.flatMap((each, i) => (i === 0 ? each.line : [span(gap, 'dim'), ...each.line]));
  return cutLine(spans, width);
}
