import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Verdaccio } from '../../../src/records/proxy/verdaccio.js';

const TGZ = '/nm-a/-/nm-a-1.0.0.tgz';
const answer = (url: string, bytes: number, client = '192.0.2.9') =>
  ` http <-- 200, user: null(${client}), req: 'GET ${url}', bytes: 0/${bytes}`;
const asking = (url: string) => ` info --- making request: 'GET https://far.example/npm${url}'`;

/** Outcome, served and fetched bytes of each request. */
function read(lines: readonly string[], format = new Verdaccio('verdaccio-pretty'), stepMs = 1_000) {
  const requests = lines.flatMap((line, at) => {
    const reading = format.read(line, at * stepMs);
    assert.is.not(reading, 'misfit', line);
    return typeof reading === 'string' ? [] : reading;
  });
  return [...requests, ...format.end()].map((one) => [one.outcome, one.servedBytes, one.fetchedBytes]);
}

test('requests on their way at once are as many, however long they take', () => {
  const lines = [
    answer(TGZ, 0),
    answer(TGZ, 0, '192.0.2.10'),
    answer(TGZ, 0),
    asking(TGZ),
    answer(TGZ, 500),
    answer(TGZ, 500, '192.0.2.10'),
    answer(TGZ, 500),
  ];
  const expected = [
    ['miss', 500, undefined],
    ['hit', 500, 0],
    ['hit', 500, 0],
  ];
  assert.equal(read(lines), expected);
  assert.equal(read(lines, undefined, 60_000), expected);
  assert.equal(read(lines, undefined, 1), expected);
});

test('an end in between neither counts what has begun nor makes a hit of what is fetched', () => {
  const format = new Verdaccio('verdaccio-pretty');
  const fetched = " http --> 200, req: 'GET https://far.example/nm-a', bytes: 0/900";
  assert.equal(read([answer('/nm-a', 0), asking('/nm-a'), fetched], format), [['miss', 0, 900]]);
  assert.equal(read([answer('/nm-a', 1_500)], format), [['miss', 1_500, 0]]);
  assert.equal(read([answer('/nm-a', 0), answer('/nm-a', 1_500)], format), [['hit', 1_500, 0]]);
});

test('what an uplink sent for nobody is counted, and its errors save nothing', () => {
  const lines = [
    " http --> 200, req: 'GET https://far.example/nm-b', bytes: 0/70",
    " http --> 502, req: 'GET https://far.example/nm-b', bytes: 0/30",
    answer('/-/ping', 2),
  ];
  assert.equal(read(lines), [
    ['miss', 0, 70],
    ['other', 2, undefined],
    ['failed', 0, 30],
  ]);
});

test('a thousand that never end take no memory', () => {
  const format = new Verdaccio('verdaccio-pretty');
  const begun = Array.from({ length: 5_000 }, (_, at) => [answer(`/p${at}`, 0), asking(`/p${at}`)]).flat();
  assert.equal(read(begun, format), []);
  assert.equal(read([answer('/p4999', 10), answer('/p0', 10)], format), [
    ['miss', 10, undefined],
    ['hit', 10, 0],
  ]);
});

test.run();
