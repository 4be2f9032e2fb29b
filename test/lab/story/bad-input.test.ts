// What cannot be, said to a running daemon: a clear answer, and nothing that was set before is lost.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { BudgetsDocument, LinksDocument } from '../../../src/protocol/documents.js';
import { lab, labSuite, startNetmeter } from '../harness/index.js';

const test = labSuite('bad input');

const IMPOSSIBLE: [words: string, exit: number, code: string, message: RegExp][] = [
  ['link set nowhere --metered yes', 1, 'not-found', /there is no link "nowhere"/],
  ['budget set nowhere 5GB', 1, 'not-found', /there is no link "nowhere"/],
  ['budget rm nowhere', 1, 'not-found', /nowhere/],
  ['budget set LINK 0GB', 2, 'usage', /nothing at all/],
  ['budget set LINK 5GB --day 32', 2, 'usage', /1 to 31/],
  ['budget set LINK 5GB --cycle once --expires 2020-01-01', 2, 'usage', /before it begins|expired/],
  ['budget set LINK 5GB --cycle once --from 2020-01-01 --expires 2020-02-01', 2, 'usage', /expired/],
  ['link set LINK --price 3.5/lightyear', 2, 'usage', /is no price/],
  ['link set LINK --limit 0MB', 2, 'usage', /nothing at all/],
];

test('an unknown link, impossible budgets, cycles and prices', 60_000, async (cleanup) => {
  const netmeter = await startNetmeter(cleanup);
  await netmeter.run(['link', 'set', lab().uplink, '--metered', 'yes', '--price', '3.5 EUR/GB']);
  await netmeter.run(['budget', 'set', lab().uplink, '5GB', '--day', '31']);
  const all = async () => {
    const { links } = await netmeter.json<LinksDocument>(['link', 'ls']);
    const { budgets } = await netmeter.json<BudgetsDocument>(['budget', 'ls']);
    return {
      links: links.map(({ name, metered, price, limitBytes }) => ({ name, metered, price, limitBytes })),
      budgets: budgets.map(({ link, limitBytes, cycle, timeZone }) => ({
        link,
        limitBytes,
        cycle,
        timeZone,
      })),
    };
  };
  const before = await all();
  for (const [words, exit, code, message] of IMPOSSIBLE) {
    const argv = words.replace('LINK', lab().uplink).split(' ');
    const { exitCode, stdout, stderr } = await netmeter.run(argv, { anyExit: true });
    assert.equal([exitCode, stdout], [exit, ''], `${words}: ${stderr}`);
    assert.match(stderr, message);
    assert.match(stderr, `(${code})`);
  }
  assert.equal(await all(), before);
});

test(
  'a report that cannot be written: nothing of it stays, and what was there does',
  60_000,
  async (cleanup) => {
    const netmeter = await startNetmeter(cleanup);
    const folder = mkdtempSync(join(tmpdir(), 'netmeter-full-'));
    cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', disk]);
    cleanup.defer(() => execFileSync('umount', [disk]));
    writeFileSync(join(disk, 'week.html'), 'last week');
    for (const [file, why] of [
      [join(disk, 'week.html'), /ENOSPC/],
      [join(folder, 'none', 'week.md'), /ENOENT/],
      [disk, /EISDIR/],
    ] as const) {
      const { exitCode, stderr } = await netmeter.run(['report', '--format', 'html', '-o', file], {
        anyExit: true,
      });
      assert.is(exitCode, 1, stderr);
      assert.match(stderr, file);
      assert.match(stderr, why);
      assert.match(stderr, '(output-unwritable)');
    }
    assert.is(readFileSync(join(disk, 'week.html'), 'utf8'), 'last week');
    assert.equal([readdirSync(disk), readdirSync(folder)], [['week.html'], ['disk']]);
  },
);

test.run();
