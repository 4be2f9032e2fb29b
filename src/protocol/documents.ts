/**
 * The JSON documents of the command line, schema 1. A contract with scripts: add to it freely,
 * change what is here only with a new schema number. Unknown is null, never 0; times are ISO 8601 in UTC.
 */
export * from './documents/advice.js';
export * from './documents/builds.js';
export * from './documents/caches.js';
export * from './documents/doctor.js';
export * from './documents/estimate.js';
export * from './documents/export.js';
export * from './documents/links.js';
export * from './documents/proxies.js';
export * from './documents/remotes.js';
export * from './documents/report.js';
export * from './documents/run.js';
export * from './documents/savings.js';
export * from './documents/shared.js';
export * from './documents/status.js';
