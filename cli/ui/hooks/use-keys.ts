import { type Key, useInput } from 'ink';
import type { Press } from '../state/keys.js';

const NAMES: readonly [key: keyof Key, name: Press['name']][] = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'page-up'],
  ['pageDown', 'page-down'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'escape'],
  ['backspace', 'backspace'],
  ['delete', 'backspace'],
];

/** What control characters mean among others. */
const CONTROLS: Readonly<Record<string, Press['name']>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\u007f': 'backspace',
  '\b': 'backspace',
};

/** Keys as they are pressed. `onInterrupt` is for Ctrl-C, which a terminal in raw mode sends as a key. */
export function useKeys(onPress: (press: Press) => void, onInterrupt: () => void): void {
  useInput((text, key) => {
    if (key.ctrl) {
      if (text === 'c') onInterrupt();
      return;
    }
    if (key.tab) {
      onPress({ name: key.shift ? 'back-tab' : 'tab', text: '' });
      return;
    }
    const named = NAMES.find(([flag]) => key[flag]);
    if (named !== undefined) onPress({ name: named[1], text: '' });
    else if (!key.meta) for (const press of pressesIn(text)) onPress(press);
  });
}

/** Keys that follow each other fast, and what is pasted, come as one text. */
function pressesIn(text: string): Press[] {
  return Array.from(text, (part) => {
    const name = CONTROLS[part];
    return name === undefined ? { name: 'text', text: part } : { name, text: '' };
  });
}
