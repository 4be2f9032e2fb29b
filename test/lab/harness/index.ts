/**
 * The harness of end-to-end tests: the lab's facts, its engines, its uplink, its servers, and netmeter run as
 * people run it. Everything here measures by means of its own, never by code of netmeter.
 */
export * from './capture.js';
export * from './docker.js';
export * from './facts.js';
export * from './machine.js';
export * from './netmeter.js';
export * from './origin.js';
export * from './registry.js';
export * from './run.js';
export * from './suite.js';
export * from './uplink.js';
