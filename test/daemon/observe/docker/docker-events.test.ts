import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseEvent } from '../../../../daemon/observe/docker/docker-events.js';
import { recordedText } from './fake-engine.js';

const ID = '0f'.repeat(32);

for (const engine of ['28.5', '20.10']) {
  test(`the events of engine ${engine}`, () => {
    const byContainer = new Map<string, string[]>();
    for (const line of recordedText('events.ndjson', engine).trim().split('\n')) {
      const event = parseEvent(line);
      if (event?.type !== 'container' && event?.type !== 'network') continue;
      const [id, told] =
        event.type === 'network'
          ? [event.containerId, 'network']
          : [event.id, `${event.action} ${event.attributes.name}`];
      byContainer.set(id, [...(byContainer.get(id) ?? []), told]);
    }
    const web = [
      ['create fixture-old', 'network', 'start fixture-old', 'rename fixture-web', 'network'],
      ['die fixture-web', 'network', 'network', 'start fixture-web'],
      ['die fixture-web', 'destroy fixture-web'],
    ].flat();
    const peer = ['create', 'start', 'die', 'destroy'].map((action) => `${action} fixture-peer`);
    assert.equal([...byContainer.values()], [web, peer]);
  });
}

test('times are milliseconds, order is finer', () => {
  const event = parseEvent(
    `{"Type":"container","Action":"die","Actor":{"ID":"${ID}"},"time":1700000000,"timeNano":1700000000123456789}`,
  );
  assert.is(event?.at, 1_700_000_000_123);
  assert.ok(Math.abs(event!.order - 1.700000000123456e18) < 1000);
});

test('a pull names its image with the tag', () => {
  const line =
    '{"Type":"image","Action":"pull","Actor":{"ID":"busybox:1","Attributes":{"name":"busybox"}},"time":5}';
  assert.equal(parseEvent(line), { at: 5000, order: 5e9, type: 'pull', image: 'busybox:1' });
});

const ignored: [what: string, event: unknown][] = [
  ['an action that does not matter', { Type: 'container', Action: 'exec_create: sh', Actor: { ID } }],
  ['a type that does not matter', { Type: 'volume', Action: 'create', Actor: { ID } }],
  ['an id that is none', { Type: 'container', Action: 'start', Actor: { ID: '../../secrets' } }],
  ['an id of another type', { Type: 'container', Action: 'start', Actor: { ID: 7 } }],
  ['no actor', { Type: 'container', Action: 'start' }],
  ['a network of no container', { Type: 'network', Action: 'connect', Actor: { ID, Attributes: {} } }],
  ['an action named like a property', { Type: 'container', Action: 'constructor', Actor: { ID } }],
  ['nothing', {}],
];

for (const [what, event] of ignored) {
  test(`ignored: ${what}`, () => assert.is(parseEvent(JSON.stringify(event)), undefined));
}

for (const line of ['{"Type":', 'null', '[]', '5', '<html>']) {
  test(`no event: ${line}`, () =>
    assert.throws(
      () => parseEvent(line),
      (error: Error) => error instanceof SyntaxError,
    ));
}

test.run();
