/** The report of this week in four formats, held against counters that the test read itself. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { ReportDocument } from '../../../src/protocol/documents.js';
import { sumOf } from '../../../src/text/figures.js';
import { assertWithin } from '../exactness/expectations.js';
import { type Cleanup, eventually, type Netmeter } from '../harness/index.js';

/** What the uplink carried. */
export interface Truth {
  link: string;
  /** While it was that link. */
  bytes: number;
  allBytes: number;
  budgetBytes: number;
  limitBytes: number;
}

export interface Week {
  document: ReportDocument;
  text: string;
  markdown: string;
  html: string;
}

const WEEK = ['report', '--week', 'this'];
/** Figures for people have three digits. */
const ROUNDED = 6e-3;

/** All four as files, from one moment: figures may move by an ARP packet meanwhile, then they are written again. */
export async function weekInFourFormats(netmeter: Netmeter, cleanup: Cleanup): Promise<Week> {
  const folder = mkdtempSync(join(tmpdir(), 'netmeter-week-'));
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
  const written = async (name: string): Promise<string> => {
    const file = join(folder, name);
    await netmeter.run([...WEEK, '-o', file]);
    return readFileSync(file, 'utf8');
  };
  return eventually('a week that stands still', 30_000, async () => {
    const before = await netmeter.json<ReportDocument>(WEEK);
    const [text, markdown, html] = [await written('w.txt'), await written('w.md'), await written('w.html')];
    const document = JSON.parse(await written('w.json')) as ReportDocument;
    const figures = ({ wan, links }: ReportDocument) =>
      JSON.stringify([wan, links.map(({ bytes }) => bytes)]);
    return figures(before) === figures(document) ? { document, text, markdown, html } : undefined;
  });
}

/** Its sums are the uplink's, whole in JSON and rounded in the others. */
export function assertWeek({ document, text, markdown, html }: Week, truth: Truth): void {
  const link = document.links.find(({ name }) => name === truth.link);
  assert.is(link?.metered, true);
  assertWithin(link?.bytes ?? 0, truth.bytes, 1e-3, 'the link in JSON');
  assertWithin(sumOf(document.wan) ?? 0, truth.allBytes, 2e-3, 'WAN bytes in JSON');
  const owned = Object.values(document.byOwnerKind).reduce((sum, each) => sum + (sumOf(each) ?? 0), 0);
  assert.is(
    owned,
    document.links.reduce((sum, { bytes }) => sum + bytes, 0),
    'owners add up to the links',
  );
  assert.is(link?.budget?.limitBytes, truth.limitBytes);
  assertWithin(link?.budget?.usedBytes ?? 0, truth.budgetBytes, 1e-3, 'the budget in JSON');

  for (const [name, shown] of Object.entries({ text, markdown, html: readable(html) })) {
    // Cells are apart by spaces, by bars, or by tags, which were made spaces.
    const row = new RegExp(
      `${truth.link}[ |]+yes[ |]+([\\d.]+) MB[ |]+-?[\\d.]+ k?B[ |]+([\\d.]+) MB of ${truth.limitBytes / 1e6} MB`,
    ).exec(shown);
    assert.ok(row, `${name} has no row of the link in\n${shown}`);
    assertWithin(Number(row[1]) * 1e6, truth.bytes, ROUNDED, `the link in ${name}`);
    assertWithin(Number(row[2]) * 1e6, truth.budgetBytes, ROUNDED, `the budget in ${name}`);
    const used = /Used:?[ |]+([\d.]+) MB/.exec(shown);
    assertWithin(Number(used?.[1]) * 1e6, truth.allBytes, ROUNDED, `what was used in ${name}`);
    assert.match(shown, `Half of the ${document.estimates.count} estimates`, name);
  }
  assertSelfContained(html);
}

/** Nothing in it makes a browser load anything. */
function assertSelfContained(html: string): void {
  assert.match(html, `content="default-src 'none'; style-src 'unsafe-inline'"`);
  assert.not.match(html, /<(script|link|img|iframe|object|embed|base|form|audio|video|source|use)\b/i);
  assert.not.match(html, /\s(src|srcset|href|action|poster|data|background|on\w+)\s*=/i);
  assert.not.match(html, /url\(|@import|https?:|\/\//i);
}

function readable(html: string): string {
  return html
    .replace(/^[\s\S]*<body>/, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
}
