import type { Row } from '../state/window.js';
import { span, wrapText } from '../text/line.js';

const KEYS: readonly [keys: string, does: string][] = [
  ['1 … 5, Tab', 'builds, owners, remotes, caches, warnings'],
  ['up, k', 'the row above'],
  ['down, j', 'the row below'],
  ['PgUp, PgDn', 'a page; g and G: first and last row'],
  ['Enter', 'a step: its details; a build: its steps'],
  ['Esc', 'back; clears the filter'],
  ['f', 'follow the running step again'],
  ['s', 'another order of rows'],
  ['/', 'only rows with a text in their name'],
  ['p', 'another period: today, since the start of the daemon, last hour, billing cycle'],
  ['i', "BuildKit's own steps, too"],
  ['Space', 'stand still; again: go on'],
  ['? or h', 'this help'],
  ['q, Ctrl-C', 'quit'],
];

const SIGNS: readonly [sign: string, means: string][] = [
  ['▶', 'runs'],
  ['✓', 'done'],
  ['●', 'from the layer cache'],
  ['✗', 'failed'],
  ['⊘', 'cancelled'],
  ['⇄', 'another build ran it'],
];

const NOTES = [
  'WAN is what crossed the link: what a mobile carrier bills. LAN and PROXY are beside it.',
  'COLD is about what a step costs with no cache at all. SAVED is shown when a step has ended.',
  'A rate with ≈ is what the engine tells of compressed layers; all others are counted in the kernel.',
  'unknown is not 0: nothing has measured it.',
];

const LABEL = 12;

export function helpRows(columns: number): Row[] {
  const lines = [
    ...KEYS.flatMap(([keys, does]) => pair(keys, does, columns - 1)),
    [span('')],
    ...SIGNS.flatMap(([sign, means]) => pair(sign, means, columns - 1)),
    [span('')],
    ...NOTES.flatMap((note) => wrapText(note, columns - 1, 'dim')),
  ];
  return lines.map((line, i) => ({ key: `help:${i}`, lines: [line], selectable: false }));
}

function pair(left: string, right: string, width: number) {
  return wrapText(right, Math.max(6, width - LABEL)).map((line, i) => [
    span((i === 0 ? left : '').padEnd(LABEL), 'accent'),
    ...line,
  ]);
}
