// What people type: amounts, prices, cycles; and what cannot be.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { requireTimeZone } from '../../../src/budget/local-date.js';
import { type CycleWords, parseCycle } from '../../../src/budget/parse-cycle.js';
import { formatPrice, parsePrice } from '../../../src/budget/price.js';
import { parseSize, parseSizeOrNone } from '../../../src/budget/size.js';
import { NetmeterError } from '../../../src/errors.js';

function refused(run: () => unknown, words: RegExp): void {
  try {
    run();
  } catch (error) {
    assert.instance(error, NetmeterError);
    assert.is((error as NetmeterError).code, 'usage');
    assert.match((error as NetmeterError).message, words);
    return;
  }
  assert.unreachable(`it was taken: ${run}`);
}

test('GB is 1000³ bytes, as carriers count, GiB is 1024³', () => {
  assert.is(parseSize('5GB'), 5_000_000_000);
  assert.is(parseSize('5 gb'), 5_000_000_000);
  assert.is(parseSize('1.5GiB'), 1_610_612_736);
  assert.is(parseSize('500MB'), 500_000_000);
  assert.is(parseSize('2MiB'), 2_097_152);
  assert.is(parseSize('1000TB'), 1e15);
  assert.is(parseSizeOrNone('0'), 0);
  assert.is(parseSizeOrNone('0GB'), 0);
});

test('impossible amounts', () => {
  for (const text of [
    '',
    '5',
    'GB',
    '-5GB',
    '5GBit',
    '5 G B',
    '5.GB',
    '1e3GB',
    'NaN',
    '５GB',
    '0x5GB',
    'constructor',
  ]) {
    refused(() => parseSize(text), /is no amount of data/);
  }
  refused(() => parseSize('0GB'), /nothing at all/);
  refused(() => parseSize('1001TB'), /more than 1000 TB/);
  refused(() => parseSize('999999999999999TB'), /more than 1000 TB/);
});

test('prices, per 1000³ bytes', () => {
  assert.equal(parsePrice('3.5/GB'), { perGigabyte: 3.5, currency: 'XXX' });
  assert.equal(parsePrice('3.5 EUR/GB'), { perGigabyte: 3.5, currency: 'EUR' });
  assert.equal(parsePrice('€3.5/GB'), { perGigabyte: 3.5, currency: 'EUR' });
  assert.equal(parsePrice('3.50€/gb'), { perGigabyte: 3.5, currency: 'EUR' });
  assert.equal(parsePrice('usd 0.01 / MB'), { perGigabyte: 10, currency: 'USD' });
  assert.equal(parsePrice('0/GB'), { perGigabyte: 0, currency: 'XXX' });
  assert.is(formatPrice(parsePrice('0.0035 EUR/MB')), '3.5 EUR/GB');
  assert.is(formatPrice(parsePrice('3.5/GB')), '3.5/GB');
});

test('impossible prices', () => {
  for (const text of [
    '',
    '3.5',
    '/GB',
    '-1/GB',
    '3.5/',
    '3.5/GBit',
    'EUR 3 EUR/GB',
    '3,5/GB',
    '1e9/GB',
    '3.5 EURO/GB',
  ]) {
    refused(() => parsePrice(text), /is no price/);
  }
  refused(() => parsePrice('999999999/MB'), /more than 1000000 per GB/);
});

const cycle = (words: CycleWords) => parseCycle(words, '2026-11-26');

test('cycles', () => {
  assert.equal(cycle({}), { kind: 'monthly', day: 1 });
  assert.equal(cycle({ cycle: 'monthly', day: '31' }), { kind: 'monthly', day: 31 });
  assert.equal(cycle({ cycle: 'weekly' }), { kind: 'weekly', weekday: 1 });
  assert.equal(cycle({ cycle: 'weekly', day: 'Sunday' }), { kind: 'weekly', weekday: 7 });
  assert.equal(cycle({ cycle: 'weekly', day: 'wed' }), { kind: 'weekly', weekday: 3 });
  assert.equal(cycle({ cycle: '30d' }), { kind: 'fixed', days: 30, from: '2026-11-26' });
  assert.equal(cycle({ cycle: '28d', from: '2026-02-28' }), { kind: 'fixed', days: 28, from: '2026-02-28' });
  assert.equal(cycle({ cycle: 'once', expires: '2026-11-26' }), {
    kind: 'once',
    from: '2026-11-26',
    expires: '2026-11-26',
  });
});

test('impossible cycles', () => {
  refused(() => cycle({ cycle: 'yearly' }), /no cycle "yearly"/);
  for (const day of ['0', '32', '-1', '1.5', 'x', '']) refused(() => cycle({ day }), /1 to 31/);
  refused(() => cycle({ cycle: 'weekly', day: '8' }), /1 to 7/);
  refused(() => cycle({ cycle: '0d' }), /1 to 3660/);
  refused(() => cycle({ cycle: '99999d' }), /1 to 3660/);
  refused(() => cycle({ cycle: '30d', day: '3' }), /--day does not belong/);
  refused(() => cycle({ cycle: 'weekly', from: '2026-01-01' }), /--from does not belong/);
  refused(() => cycle({ cycle: 'monthly', expires: '2026-01-01' }), /--expires does not belong/);
  refused(() => cycle({ cycle: 'once' }), /needs --expires/);
  refused(() => cycle({ cycle: 'once', expires: '2026-02-30' }), /no date/);
  refused(() => cycle({ cycle: 'once', expires: '2026-11-25' }), /before it begins|expired/);
  refused(() => cycle({ cycle: 'once', from: '2026-12-24', expires: '2026-12-01' }), /before it begins/);
  refused(() => cycle({ cycle: '30d', from: 'tomorrow' }), /no date/);
  refused(() => requireTimeZone('Europe/Nowhere'), /no time zone/);
});

test.run();
