// Wrong command lines, and the help that puts them right.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { commands } from '../../../cli/commands/index.js';
import { commandLine } from './command-line.js';
import { assertGolden } from './golden.js';

test('--help of everything, as it was looked at', async () => {
  const all = [[], ['build'], ['service'], ...commands.map(({ name }) => name.split(' '))];
  for (const words of all) {
    const { code, stdout, stderr } = await commandLine([...words, '--help']);
    assert.is(code, 0);
    assert.is(stderr, '');
    assertGolden(`help/${words.join('-') || 'netmeter'}`, stdout);
  }
});

test('help is a command, too', async () => {
  assert.equal(await commandLine(['help', 'build']), await commandLine(['build', '--help']));
  assert.equal(await commandLine(['build', 'help', 'show']), await commandLine(['build', 'show', '--help']));
  assert.equal(await commandLine(['help']), await commandLine(['--help']));
});

test('every command is listed by the help of what it belongs to', async () => {
  for (const { name } of commands) {
    const words = name.split(' ');
    const { stdout } = await commandLine([...words.slice(0, -1), '--help']);
    assert.match(stdout, new RegExp(`^  ${words.at(-1)}\\b`, 'm'));
  }
});

test('help fits a usual terminal', async () => {
  for (const { name } of commands) {
    const { stdout } = await commandLine([...name.split(' '), '--help'], { columns: 80 });
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
  }
});

test('without a command: the help, on standard error, as wrong usage', async () => {
  for (const argv of [[], ['build'], ['service']]) {
    const { code, stdout, stderr } = await commandLine(argv);
    assert.is(code, 2);
    assert.is(stdout, '');
    assert.is(stderr, (await commandLine([...argv, '--help'])).stdout);
  }
});

test('--version', async () => {
  for (const flag of ['--version', '-V']) {
    assert.equal(await commandLine([flag]), { code: 0, stdout: '0.1.0\n', stderr: '' });
  }
});

const WRONG: [argv: string, message: RegExp][] = [
  ['nonsense', /unknown command 'nonsense'/],
  ['bulids', /unknown command 'bulids'/],
  ['build nonsense', /unknown command 'nonsense'/],
  ['status --bogus', /unknown option '--bogus'/],
  ['status extra', /too many arguments for 'status'/],
  ['status --since yesterday', /--since: "yesterday" is neither a time nor an age/],
  ['status --since 2026-13-45', /--since: "2026-13-45" is neither/],
  ['builds --limit 0', /--limit: "0" is no whole number of at least 1/],
  ['builds --limit -3', /--limit: "-3" is no whole number/],
  ['builds --limit 1e3', /--limit: "1e3" is no whole number/],
  ['builds --limit', /option '--limit <n>' argument missing/],
  ['build show', /missing required argument 'ref'/],
  ['build show a b', /too many arguments for 'show'/],
  ['logs -n x', /--lines: "x" is no whole number/],
  ['start --tick 1ms', /--tick: a tick of 1ms is out of range/],
  ['start --tick soon', /--tick: "soon" is no duration/],
  ['start --tier fast', /--tier: there is no tier "fast"/],
  ['report --format pdf', /--format: "pdf" is no report format/],
  ['report --schedule daily', /--schedule: "daily" is no schedule/],
  ['report --schedule weekly --week last', /it goes with no period/],
  ['report --schedule weekly -o x', /it goes with no --output/],
  ['report --since 2999-01-01', /--since is in the future/],
  ['status --since 2999-01-01', /--since is in the future/],
  ['report --week soon', /"soon" is no week/],
  ['report --week 2026-W54', /"2026-W54" is no week/],
  ['report --week 9000-W01', /9000-W01 has not begun yet/],
  ['report --week last --since 3d', /--week says when the period begins/],
  ['report --since 2026-11-08 --until 2026-11-01', /--until is not after --since/],
  ['budget set wlan0 0GB', /nothing at all/],
  ['budget set wlan0 5', /"5" is no amount of data/],
  ['budget set wlan0 -5GB', /unknown option '-5GB'/],
  ['budget set wlan0 2000TB', /more than 1000 TB/],
  ['budget set wlan0 5GB --used most', /--used: "most" is no amount of data/],
  ['budget set wlan0 5GB --day 32', /1 to 31/],
  ['budget set wlan0 5GB --cycle yearly', /no cycle "yearly"/],
  ['budget set wlan0 5GB --cycle once', /needs --expires/],
  ['budget set wlan0 5GB --cycle once --expires 2026-02-30', /no date/],
  ['budget set wlan0 5GB --time-zone Europe/Nowhere', /no time zone/],
  ['budget set wlan0', /missing required argument 'amount'/],
  ['link set wlan0', /nothing to set/],
  ['link set wlan0 --price free', /--price: "free" is no price/],
  ['link set wlan0 --price=-1/GB', /--price: "-1\/GB" is no price/],
  ['link set wlan0 --metered maybe', /--metered: "maybe" is neither yes nor no/],
  ['link set wlan0 --limit 0MB', /--limit: .*nothing at all/],
  ['run', /missing required argument 'command'/],
  ['pcap', /missing required argument 'file'/],
];

for (const [words, message] of WRONG) {
  test(`netmeter ${words}: exit code 2, and what is wrong`, async () => {
    const argv = words.split(' ');
    const text = await commandLine(argv);
    assert.is(text.code, 2);
    assert.is(text.stdout, '');
    assert.match(text.stderr, message);
    assert.match(text.stderr, '(usage)');
    // Not at the end, where it might be taken for a value.
    const json = await commandLine([...argv.slice(0, 1), '--json', ...argv.slice(1)]);
    assert.is(json.code, 2);
    const { schema, error } = JSON.parse(json.stdout);
    assert.is(schema, 1);
    assert.is(error.code, 'usage');
  });
}

test('what belongs to another program is not read', async () => {
  const env = { NETMETER_STATE_DIR: '/nothing' };
  for (const argv of [
    ['run', '--', 'ls', '--json', '--bogus'],
    ['run', 'ls', '--json', '--help'],
  ]) {
    const { code, stdout, stderr } = await commandLine(argv, { env });
    assert.is(code, 3, stderr);
    assert.is(stdout, '');
  }
});

test('what was wrong points at the help of what it belongs to', async () => {
  for (const [argv, hint] of [
    ['build show', 'See: netmeter build show --help'],
    ['cache nonsense', 'See: netmeter cache --help'],
    ['status --bogus', 'See: netmeter status --help'],
    ['bulids', "unknown command 'bulids' (Did you mean builds?) (usage)\nSee: netmeter --help"],
  ] as const) {
    assert.match((await commandLine(argv.split(' '))).stderr, hint);
  }
});

test('a hostile word does not reach the terminal', async () => {
  const { stderr } = await commandLine(['\u001b[2J\u202e']);
  assert.match(stderr, "unknown command '\\e[2J\\u202e'");
  assert.not.match(stderr, /\u001b|\u202e/);
});

test.run();
