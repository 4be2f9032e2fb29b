import { NetmeterError } from '../errors.js';

/** A Dockerfile that cannot be read, with the place where. */
export function invalid(file: string, line: number, why: string): NetmeterError {
  return new NetmeterError('unreadable-input', `${file}:${line}: ${why}`, {
    hint: 'The file has to be a Dockerfile that docker build accepts; templates have to be filled in first.',
  });
}
