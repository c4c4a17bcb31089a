/** Keeps what was measured with a seed, for the cases that are compared with it. */
export function onceASeed<T>(measure: (seed: number) => Promise<T>): (seed: number) => Promise<T> {
  const known = new Map<number, Promise<T>>();
  return (seed) => {
    const before = known.get(seed);
    if (before) return before;
    const measured = measure(seed);
    known.set(seed, measured);
    return measured;
  };
}
