const LEVELS = '▁▂▃▄▅▆▇█';

/** Figures as columns of different heights, the highest one full. Nothing at all is a blank. */
export function sparkline(values: readonly number[]): string {
  const most = Math.max(...values, 0);
  return values
    .map((value) => {
      if (value <= 0) return ' ';
      return LEVELS[Math.min(LEVELS.length - 1, Math.floor((value / most) * LEVELS.length))] ?? ' ';
    })
    .join('');
}
