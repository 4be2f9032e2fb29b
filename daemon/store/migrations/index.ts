import { initial } from './0001-initial.js';
import { savings } from './0002-savings.js';
import { estimates } from './0003-estimates.js';
import { links } from './0004-links.js';
import { records } from './0005-records.js';
import { proxies } from './0006-proxies.js';
import { proxyLogs } from './0007-proxy-logs.js';
import type { Migration } from './migration.js';

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
