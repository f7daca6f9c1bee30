/** What benchmarks share: the shape of a result and the order statistics. */

/** Our figure beside that of a baseline with the same payload, measured in the same run. */
export interface BenchmarkRow {
  readonly name: string;
  /** What is counted, e.g. `appends/s` or `ms p99`. */
  readonly unit: string;
  /** Of times and memory less is better, of rates more. */
  readonly kind: 'rate' | 'time' | 'memory';
  readonly ours: number;
  readonly baseline: number;
  /** What was promised: a run in which the ratio is above it has failed. */
  readonly atMost?: number;
  /** What the baseline is, and where it carries less than ours. */
  readonly baselineIs: string;
}

/** Always `ours / baseline`: above 1 is slower for times, faster for rates and bigger for memory. */
export const ratioOf = ({ ours, baseline }: BenchmarkRow): number => ours / baseline;

/** The value below which that share of the values lies. @param share 0 to 1 */
export const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN;

export const median = (values: readonly number[]): number => percentile(values, 0.5);
