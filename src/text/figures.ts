/** Figures for people. Decimal units, as mobile plans are sold in them. */
import type { MaybeTransfer } from '../protocol/documents.js';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `12.4 MB`; null is `unknown`, never 0. Negative figures keep their sign. */
export function formatBytes(bytes: number | null): string {
  if (bytes === null) return 'unknown';
  let value = Math.abs(bytes);
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${bytes < 0 ? '-' : ''}${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** Received and sent; null when they are not known. */
export function sumOf(transfer: MaybeTransfer): number | null {
  return transfer.rxBytes === null ? null : transfer.rxBytes + transfer.txBytes;
}

/** `940 ms`, `12.3 s`, `4 min 02 s`, `3 h 20 min`. */
export function formatDuration(ms: number | null): string {
  if (ms === null) return 'running';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`;
}

/**
 * `2026-11-24 09:30`.
 * @param timeZone IANA name; undefined for this process's own, which costs no look-up of zones
 */
export function formatTime(isoTime: string | null, timeZone: string | undefined): string {
  if (isoTime === null) return '-';
  const at = new Date(isoTime);
  if (timeZone === undefined) {
    const two = (value: number) => String(value).padStart(2, '0');
    const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
    return `${date} ${two(at.getHours())}:${two(at.getMinutes())}`;
  }
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(at);
  const part = (type: string) => parts.find((candidate) => candidate.type === type)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}`;
}
