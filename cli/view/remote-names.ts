import type { RemoteDocument } from '../../src/protocol/documents.js';
import { escapeText } from '../../src/text/escape.js';
import { formatBytes } from '../../src/text/figures.js';

const NAMES_SHOWN = 3;

/** Whom somebody talked to, as far as that is known by name, most bytes first; empty when it is not. */
export function namesText(remotes: readonly RemoteDocument[]): string {
  const bytes = new Map<string, number>();
  for (const { name, nameSource, class: where, rxBytes, txBytes } of remotes) {
    if (name === null || where === 'local') continue;
    const shown = nameText(name, nameSource);
    bytes.set(shown, (bytes.get(shown) ?? 0) + rxBytes + txBytes);
  }
  const most = [...bytes].sort((a, b) => b[1] - a[1]);
  const more = most.length > NAMES_SHOWN ? `, and ${most.length - NAMES_SHOWN} more` : '';
  const shown = most.slice(0, NAMES_SHOWN).map(([name, total]) => `${name} ${formatBytes(total)}`);
  return `${shown.join(', ')}${more}`;
}

/** A name that was not heard, but stands in the step's instruction, has a question mark. */
export function nameText(name: string, source: string | null): string {
  return `${escapeText(name)}${source === 'instruction' ? '?' : ''}`;
}
