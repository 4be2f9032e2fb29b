import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LinkNames } from '../../../daemon/links/link-names.js';

const names = () => new LinkNames((interfaceName) => interfaceName);

test('before the first sample a name holds at once', () => {
  const it = names();
  assert.is(it.of('wlan0'), 'wlan0');
  assert.is(it.rename('wlan0', 'Home'), true);
  assert.is(it.of('wlan0'), 'Home');
  assert.is(it.rename('wlan0', 'Home'), false);
});

test('what was counted until a sample still belongs to the old name; the next sample is of the new one', () => {
  const it = names();
  it.rename('wlan0', 'Home');
  it.nextSample();
  const before = it.generation;
  it.rename('wlan0', 'Phone');
  assert.is(it.of('wlan0'), 'Home');
  it.nextSample();
  assert.is(it.of('wlan0'), 'Home', 'the sample that counts until the change');
  it.nextSample();
  assert.is(it.of('wlan0'), 'Phone');
  assert.ok(it.generation > before, 'flows are placed anew');
  assert.is(it.interfaceOf('Phone'), 'wlan0');
  assert.is(it.interfaceOf('Home'), undefined);
});

test('there and back again between two samples is no change', () => {
  const it = names();
  it.rename('wlan0', 'Home');
  it.nextSample();
  it.rename('wlan0', 'Phone');
  it.rename('wlan0', 'Home');
  it.nextSample();
  it.nextSample();
  assert.is(it.of('wlan0'), 'Home');
});

test('an interface that vanished keeps its name for its last bytes; another one of its name is asked for anew', () => {
  let phone = 'Pixel';
  const it = new LinkNames(() => phone);
  assert.is(it.of('usb0'), 'Pixel');
  it.nextSample();
  it.forget('usb0');
  phone = 'iPhone';
  assert.is(it.of('usb0'), 'Pixel');
  it.nextSample();
  it.nextSample();
  assert.is(it.of('usb0'), 'iPhone');
});

test.run();
