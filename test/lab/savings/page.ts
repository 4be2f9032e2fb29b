/** The table in docs/cache-mounts.md: made from what was seen. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';

const PAGE = fileURLToPath(new URL('../../../docs/cache-mounts.md', import.meta.url));
const TABLE = /(<!-- seen: [^>]*-->\n)[\s\S]*?(<!-- end -->)/;

export interface Result {
  question: string;
  /** What the far side sent to each build. */
  firstBytes: number;
  secondBytes: number;
  /** How netmeter knows what was saved; undefined where nothing was. */
  basis: string | undefined;
}

/** Holds the page against these results. UPDATE_GOLDEN=1 writes them into it instead. */
export function assertPage(results: readonly Result[]): void {
  const page = readFileSync(PAGE, 'utf8');
  const seen = page.replace(TABLE, (_, start: string, end: string) => `${start}\n${table(results)}\n${end}`);
  assert.match(page, TABLE);
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(PAGE, seen);
  assert.fixture(readFileSync(PAGE, 'utf8'), seen);
}

function table(results: readonly Result[]): string {
  const rows = results.map(({ question, firstBytes, secondBytes, basis }) => {
    const isKept = secondBytes === 0 ? 'used' : 'empty';
    return [question, mb(firstBytes), mb(secondBytes), isKept, basis ?? '-'];
  });
  const head = [
    'the second build',
    'first downloads',
    'second downloads',
    'its cache is',
    'netmeter knows by',
  ];
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
