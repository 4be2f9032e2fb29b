import { sizeIn } from './printed-size.js';
import type { LineReader } from './types.js';

/** `Downloading numpy (17.2MiB)`, for what is larger than 1 MiB only (crates/uv/src/commands/reporters.rs). */
const FETCHED = /^ ?Downloading [\w.-]{1,200} \((\d+(?:\.\d+)?)([KMG]iB)\)$/;

export const uv: LineReader = {
  client: 'uv',
  read(line) {
    const size = sizeIn(line, FETCHED);
    return size === undefined ? [] : [{ kind: 'fetched', size }];
  },
};
