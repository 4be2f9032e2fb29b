import type { StepDocument } from '../../../src/protocol/documents.js';
import { formatBytes, formatTime } from '../../../src/text/figures.js';

export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(Math.round(bytesPerSecond))}/s`;
}

/** `0:43`, `1:02:03`: of something that still runs. */
export function formatClock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** `12:03`, the day being known. */
export function formatTimeOfDay(isoTime: string | null, timeZone: string | undefined): string {
  return formatTime(isoTime, timeZone).slice(-5);
}

export function formatPercent(share: number): string {
  return `${(share * 100).toFixed(Math.abs(share) < 0.1 ? 1 : 0)} %`;
}

/** Signed: what all causes together saved; null when it is not known. */
export function savedBy(step: StepDocument): number | null {
  return step.savings === null ? null : step.savings.reduce((sum, { bytes }) => sum + bytes, 0);
}
