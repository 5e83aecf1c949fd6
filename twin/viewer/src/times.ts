/** Where a moment stands among a run's output times [s], which rise. */

/** Two frames around a time and the share of the second. */
export function framesAt(times: readonly number[], t: number): [number, number, number] {
  const last = times.length - 1;
  if (last < 0 || t <= times[0]!) return [0, 0, 0];
  if (t >= times[last]!) return [last, last, 0];
  const after = times.findIndex((time) => time > t);
  const [t0, t1] = [times[after - 1]!, times[after]!];
  return [after - 1, after, (t - t0) / (t1 - t0)];
}

/** The output time after (or before) a moment; the ends stay where they are. */
export function neighbor(all: readonly number[], t: number, step: 1 | -1): number {
  const slack = 1e-6;
  if (step > 0) return all.find((time) => time > t + slack) ?? all[all.length - 1] ?? 0;
  return [...all].reverse().find((time) => time < t - slack) ?? all[0] ?? 0;
}
