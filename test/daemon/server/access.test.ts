import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mayAsk, type Peer } from '../../../daemon/server/peer.js';
import type { Reply } from '../../../src/protocol/messages.js';
import { askAs, type Setup, startServer } from './harness.js';

const ALICE = 54_321;
const MALLORY = 54_323;
const GROUP = 54_400;
const SHARED_GROUP = 54_401;
const ASK = '{"version":1,"id":1,"type":"logs","params":{}}';

let setup: Setup | undefined;

test.after.each(async () => {
  await setup?.close();
  setup = undefined;
});

const handlers = { logs: () => ({ lines: [], cursor: 'seen' }) };

function outcome(text: string): string {
  if (!text.startsWith('{')) return text;
  const reply = JSON.parse(text) as Reply;
  return reply.ok ? 'ok' : reply.error.code;
}

test('the rule: root, the own user, the one it was started for, members of the group', () => {
  const peer = (uid: number, gid = uid, groups: number[] = []): Peer => ({ pid: 1, uid, gid, groups });
  const user = { userUid: ALICE, groupGid: undefined };
  assert.equal(
    [peer(0), peer(7), peer(ALICE), peer(MALLORY)].map((each) => mayAsk(each, 7, user)),
    [true, true, true, false],
  );
  const group = { userUid: undefined, groupGid: GROUP };
  assert.equal(
    [peer(ALICE), peer(ALICE, GROUP), peer(ALICE, 1, [5, GROUP]), peer(ALICE, 1, [5])].map((each) =>
      mayAsk(each, 0, group),
    ),
    [false, true, true, false],
  );
});

test('with a group, its members get in and nobody else', async () => {
  setup = await startServer({}, handlers, { gid: GROUP, access: { userUid: undefined, groupGid: GROUP } });
  const { socket } = setup.place;
  assert.is(outcome(await askAs(ALICE, ALICE, [GROUP], socket, ASK)), 'ok');
  assert.is(outcome(await askAs(ALICE, GROUP, [], socket, ASK)), 'ok');
  assert.is(outcome(await askAs(MALLORY, MALLORY, [], socket, ASK)), 'EACCES');
});

test('members are known among many groups', async () => {
  setup = await startServer({}, handlers, { gid: GROUP, access: { userUid: undefined, groupGid: GROUP } });
  const many = Array.from({ length: 200 }, (_, index) => 60_000 + index);
  assert.is(outcome(await askAs(ALICE, ALICE, [...many, GROUP], setup.place.socket, ASK)), 'ok');
});

test('who shares the file group of the one user is let to the door and no further', async () => {
  setup = await startServer({}, handlers, {
    gid: SHARED_GROUP,
    access: { userUid: ALICE, groupGid: undefined },
  });
  const { socket } = setup.place;
  assert.is(outcome(await askAs(ALICE, SHARED_GROUP, [], socket, ASK)), 'ok');
  assert.is(outcome(await askAs(MALLORY, SHARED_GROUP, [], socket, ASK)), 'permission-denied');
});

test('a mode that somebody opened lets nobody in', async () => {
  setup = await startServer({}, handlers, { mode: 0o666 });
  assert.is(outcome(await askAs(MALLORY, MALLORY, [], setup.place.socket, ASK)), 'permission-denied');
});

test.run();
