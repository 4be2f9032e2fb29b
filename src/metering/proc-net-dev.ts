/** `/proc/net/dev` and `/proc/PID/net/dev` (net/core/net-procfs.c in the kernel): interface counters. */
import { NetmeterError } from '../errors.js';
import type { Traffic } from '../units.js';

/** Bytes with layer 2 headers, packets as the namespace saw them: merged ones are one. */
export interface InterfaceCounters extends Traffic {
  name: string;
}

/** Receive bytes, packets and six more; then transmit bytes, packets and six more. */
const COLUMNS = 16;

/**
 * @param text the file's content
 * @param path for messages
 * @returns the interfaces in the file's order, loopback included
 * @throws NetmeterError `unreadable-input` with the line when the file is cut off or of another format
 */
export function parseProcNetDev(text: string, path: string): InterfaceCounters[] {
  const lines = text.split('\n');
  const problem = (line: number, what: string): NetmeterError =>
    new NetmeterError('unreadable-input', `${path}:${line}: ${what}`);
  if (!/^Inter-\|\s+Receive\s+\|\s+Transmit$/.test(lines[0]!)) throw problem(1, 'not a list of interfaces');
  const [, receive] = (lines[1] ?? '').split('|');
  if (!receive?.startsWith('bytes    packets ')) throw problem(2, 'unknown columns');
  if (lines.at(-1) !== '') throw problem(lines.length, 'cut off in the middle of a line');
  return lines.slice(2, -1).map((line, at) => {
    // The name may hold a colon (an alias), the counters do not.
    const colon = line.lastIndexOf(':');
    const columns = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/);
    const wrong = colon < 1 || columns.length !== COLUMNS || !columns.every((column) => /^\d+$/.test(column));
    if (wrong) throw problem(at + 3, `not an interface and ${COLUMNS} numbers: ${JSON.stringify(line)}`);
    return {
      name: line.slice(0, colon).trimStart(),
      rxBytes: Number(columns[0]),
      rxPackets: Number(columns[1]),
      txBytes: Number(columns[8]),
      txPackets: Number(columns[9]),
    };
  });
}
