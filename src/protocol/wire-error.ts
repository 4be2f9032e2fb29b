import { type ErrorCode, NetmeterError } from '../errors.js';
import type { WireError } from './messages.js';

/** An error as it is sent. What is no NetmeterError is `internal`, with its message and without its stack. */
export function toWireError(error: unknown): WireError {
  if (error instanceof NetmeterError) {
    return { code: error.code, message: error.message, hint: error.hint ?? null };
  }
  return { code: 'internal', message: error instanceof Error ? error.message : String(error), hint: null };
}

/** The error that was sent. Codes of a newer daemon are kept as they are. */
export function fromWireError({ code, message, hint }: WireError): NetmeterError {
  return new NetmeterError(code as ErrorCode, message, hint === null ? {} : { hint });
}
