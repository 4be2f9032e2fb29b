/** Which format a log has, told by its lines; none when it is none of those that are known. */
import { AptCacherNg } from './apt-cacher-ng.js';
import { NginxFormat } from './nginx-format.js';
import { NginxJson } from './nginx-json.js';
import { SquidCombined, SquidNative } from './squid.js';
import { tidyLine } from './tidy-line.js';
import type { ProxyLogFormat } from './types.js';
import { Verdaccio } from './verdaccio.js';

/** Lines that decide; all of them have to fit, but for one in ten, since logs are cut off and mixed up. */
const SAMPLE_LINES = 50;
const MOST_MISFITS = 0.1;

type Makers = readonly (() => ProxyLogFormat)[];

/** The formats that tell themselves by their lines, the strictest first. */
const KNOWN: Makers = [
  () => new SquidNative(),
  () => new SquidCombined(),
  () => new AptCacherNg(),
  () => new NginxJson(),
  () => new Verdaccio('verdaccio-json'),
  () => new Verdaccio('verdaccio-pretty'),
];
/** What nginx's images and registries write unless told otherwise. A file of these could be any web server's. */
const OF_SERVERS: Makers = [() => new NginxFormat('main'), () => new NginxFormat('combined')];

/**
 * @param start the first lines of a file
 * @param nginxFormat a stated log_format
 * @returns undefined when no format fits, or `start` holds no request at all
 */
export function proxyLogFormat(start: string, nginxFormat?: string): ProxyLogFormat | undefined {
  const lines = sample(start.split('\n'));
  const makers: Makers = nginxFormat === undefined ? KNOWN : [() => new NginxFormat(nginxFormat)];
  // A fresh one: the other has read the sample.
  return makers.find((make) => fits(make(), lines))?.();
}

/**
 * The format of what a proxy writes on its standard output, where other words may come before it.
 * @param nginxFormat a stated log_format
 * @returns undefined when no format fits so far
 */
export function outputFormat(lines: readonly string[], nginxFormat?: string): ProxyLogFormat | undefined {
  const makers: Makers =
    nginxFormat === undefined ? [...KNOWN, ...OF_SERVERS] : [() => new NginxFormat(nginxFormat)];
  return makers.find((make) => {
    const probe = make();
    const first = lines.findIndex((line) => line.trim() !== '' && probe.read(tidyLine(line)) !== 'misfit');
    return first >= 0 && fits(make(), sample(lines.slice(first)));
  })?.();
}

function sample(lines: readonly string[]): string[] {
  return lines
    .map(tidyLine)
    .filter((line) => line !== '')
    .slice(0, SAMPLE_LINES);
}

function fits(format: ProxyLogFormat, lines: readonly string[]): boolean {
  let misfits = 0;
  let requests = 0;
  for (const line of lines) {
    const reading = format.read(line);
    if (reading === 'misfit') misfits += 1;
    else if (reading !== 'other') requests += reading.length;
  }
  requests += format.end().length;
  return requests > 0 && misfits <= lines.length * MOST_MISFITS;
}
