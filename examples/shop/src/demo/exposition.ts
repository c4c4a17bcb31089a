/** One sample of a Prometheus text exposition. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** Reads the samples of one metric family, by the start of their names. */
export function samplesOf(text: string, prefix: string): Sample[] {
  const samples: Sample[] = [];
  for (const row of text.split('\n')) {
    if (!row.startsWith(prefix)) continue;
    const match = line.exec(row);
    if (!match) continue;
    const labels = Object.fromEntries([...(match[2] ?? '').matchAll(label)].map(([, name, value]) => [name, value]));
    samples.push({ name: match[1] as string, labels, value: Number(match[3]) });
  }
  return samples;
}
