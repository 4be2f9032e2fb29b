/** That the story's warnings come, everywhere that they should, and once. */
import * as assert from 'uvu/assert';
import { eventually, type Netmeter } from '../harness/index.js';
import { warningsOf } from '../links/hotspot.js';
import type { TmuxTerminal } from '../ui/terminal.js';

/** Of the build as its first step ran, of the budget as it went over: in `status`, in the live view, by `notify`. */
export async function assertWarnedOnce(netmeter: Netmeter, terminal: TmuxTerminal): Promise<void> {
  const over = await eventually('the warning of the build', 5_000, async () => {
    return (await warningsOf(netmeter, 'build-over-limit'))[0];
  });
  const isOver = /[kM]B over Annas Hotspot, which is metered.*; [\d.]+ [kM]B of the budget are left$/;
  assert.ok(isOver.test(over.message), over.message);
  const used = await eventually('the warning of the budget', 5_000, async () => {
    const given = await warningsOf(netmeter, 'budget-used');
    return given.length === 2 ? given[1] : undefined;
  });
  assert.match(used.message, /^Annas Hotspot: (9[5-9]|10\d) % of the budget is used/);
  assert.is((await warningsOf(netmeter, 'build-over-limit')).length, 1);
  const told = () => netmeter.run(['notify', '--once', '--', 'printf', '%s\\n']);
  const lines = (await told()).stdout.trim().split('\n').toSorted();
  assert.equal(lines, [used.message, over.message].toSorted());
  assert.is((await told()).stdout, '');
  await terminal.press('5');
  await terminal.shows(/\[5 Warnings[\s\S]*build-over-limit/);
  // As on a phone.
  await terminal.press('1');
  await terminal.resize(20, 12);
  const narrow = await terminal.shows(/^Annas.*\n.*METERED[\s\S]*q quit +\? help( .*)?$/);
  assert.is(narrow.split('\n').length, 12, 'nothing is wrapped');
}
