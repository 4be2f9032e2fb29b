/** Put in place by the build. */
declare const __NETMETER_VERSION__: string | undefined;

/** This netmeter's version; `0.0.0` when it runs from its sources. */
export const VERSION = typeof __NETMETER_VERSION__ === 'string' ? __NETMETER_VERSION__ : '0.0.0';
