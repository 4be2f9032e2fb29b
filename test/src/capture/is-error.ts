import { type ErrorCode, NetmeterError } from '../../../src/errors.js';

/** For `assert.throws`: an error of this code, whose message matches. */
export function isNetmeterError(code: ErrorCode, message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof NetmeterError && error.code === code && message.test(error.message);
}
