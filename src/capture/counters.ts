/** Rows of counters that grow with their number; floats, since bytes pass 2^32. */
export class Counters {
  private values: Float64Array;

  constructor(private readonly width: number) {
    this.values = new Float64Array(width * 32);
  }

  add(row: number, column: number, amount: number): void {
    const at = row * this.width + column;
    if (at >= this.values.length) this.grow(at);
    this.values[at] = this.values[at]! + amount;
  }

  get(row: number, column: number): number {
    return this.values[row * this.width + column] ?? 0;
  }

  private grow(at: number): void {
    const larger = new Float64Array(Math.max(this.values.length * 2, at + this.width));
    larger.set(this.values);
    this.values = larger;
  }
}
