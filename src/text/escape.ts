/**
 * Text from Dockerfiles, logs and host names is hostile: control characters, escape sequences and
 * direction overrides are shown, not sent to the terminal.
 */
// C0, DEL and C1 controls, line and paragraph separators, bidirectional controls and zero-width marks.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

const SHORT: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\u001b': '\\e' };

export function escapeText(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const short = SHORT[character];
    return short ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
