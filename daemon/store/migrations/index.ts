import { initial } from './0001-initial.js';
import { savings } from './0002-savings.js';
import { estimates } from './0003-estimates.js';
import { links } from './0004-links.js';
import { records } from './0005-records.js';
import { proxies } from './0006-proxies.js';
import { proxyLogs } from './0007-proxy-logs.js';

/** One step of the schema. Once released it is never edited: a change is a new step. */
export interface Migration {
  /** The schema's number after it, in `user_version`. */
  version: number;
  sql: string;
}

/** In order, numbered from 1 without gaps. */
export const migrations: readonly Migration[] = [
  initial,
  savings,
  estimates,
  links,
  records,
  proxies,
  proxyLogs,
];
