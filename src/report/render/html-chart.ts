import { formatBytes } from '../../text/figures.js';
import type { Chart } from '../view/types.js';
import { html } from './html-text.js';

const WIDTH = 720;
const HEIGHT = 240;
const TOP = 16;
const BOTTOM = 28;
const LEFT = 64;
/** Labels under the bars, at most; more would overlap. */
const MOST_LABELS = 12;
/** About so many spaces between grid lines. */
const LINES = 4;
/** Of a group's width, for its bars. */
const FILLED = 0.7;
const WIDEST_BAR = 56;

/** Grid lines from `low` to `high`, all of them multiples of `step`. */
interface Scale {
  low: number;
  high: number;
  step: number;
}

/** Grouped bars as SVG without scripts; what each bar says is its title, for pointers and screen readers. */
export function chartSvg(chart: Chart, title: string): string {
  const scale = scaleOf(chart);
  const groupWidth = (WIDTH - LEFT) / Math.max(1, chart.labels.length);
  const every = Math.ceil(chart.labels.length / MOST_LABELS);
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${html(title)}">`,
    ...gridLines(scale),
    ...chart.labels.flatMap((_, group) => groupBars(chart, group, groupWidth, scale)),
    ...chart.labels.map((label, group) =>
      group % every === 0 ? text(LEFT + (group + 0.5) * groupWidth, HEIGHT - 8, label, 'middle') : '',
    ),
    '</svg>',
    legend(chart),
  ].join('\n');
}

function groupBars({ labels, series }: Chart, group: number, groupWidth: number, scale: Scale): string[] {
  const width = Math.min(WIDEST_BAR, (groupWidth * FILLED) / series.length);
  const left = LEFT + groupWidth * (group + 0.5) - (width * series.length) / 2;
  return series.map(({ name, values }, place) => {
    const value = values[group];
    if (value === undefined) return '';
    const [zero, end] = [y(0, scale), y(value, scale)];
    const box = [
      `x="${round(left + width * place)}"`,
      `y="${round(Math.min(zero, end))}"`,
      `width="${round(width)}"`,
      `height="${round(Math.abs(zero - end))}"`,
    ];
    const says = html(`${labels[group]}: ${name} ${formatBytes(value)}`);
    return `<rect class="s${place}" ${box.join(' ')}><title>${says}</title></rect>`;
  });
}

function gridLines({ low, high, step }: Scale): string[] {
  return Array.from({ length: Math.round((high - low) / step) + 1 }, (_, i) => {
    const value = low + step * i;
    const at = round(y(value, { low, high, step }));
    const kind = value === 0 ? 'grid zero' : 'grid';
    const line = `<line class="${kind}" x1="${LEFT}" x2="${WIDTH}" y1="${at}" y2="${at}"/>`;
    return line + text(LEFT - 6, at + 4, formatBytes(value), 'end');
  });
}

function legend({ series }: Chart): string {
  if (series.length < 2) return '';
  const names = series.map(({ name }, place) => `<span class="key k${place}">${html(name)}</span>`);
  return `<p class="legend">${names.join(' ')}</p>`;
}

/** From 0, or from below it where something is negative, to above all. */
function scaleOf({ series }: Chart): Scale {
  const values = series.flatMap((each) => each.values.map((value) => value ?? 0));
  const [least, most] = [Math.min(0, ...values), Math.max(1, ...values)];
  const step = roundUp((most - least) / LINES);
  return { low: Math.floor(least / step) * step, high: Math.ceil(most / step) * step, step };
}

/** The next of 1, 2 and 5 times a power of ten; whole bytes. */
function roundUp(value: number): number {
  const unit = Math.max(1, 10 ** Math.floor(Math.log10(value)));
  return ([1, 2, 5, 10].find((factor) => factor * unit >= value) ?? 10) * unit;
}

function y(value: number, { low, high }: Scale): number {
  return TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / (high - low));
}

function text(x: number, at: number, content: string, anchor: string): string {
  return `<text x="${round(x)}" y="${round(at)}" text-anchor="${anchor}">${html(content)}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
