/** The numbers of policies for monitors: of all places that use one name, together. */
import type { LatencyDigest } from '@fwk/kernel';
import type { PolicyReading, ReadingPart } from '../hystrix/policy-reading.js';
import { type StatisticsSource, sumStatistics } from '../statistics/policy-statistics.js';
import { PolicyCore } from './policy-core.js';
import type { PolicyLayer } from './policy-layer.js';

/** Reads all, in the order in which their names were first listed. */
export function readingsOf(listed: Iterable<PolicyCore | PolicyLayer>): readonly PolicyReading[] {
  const byName = new Map<string, (PolicyCore | PolicyLayer)[]>();
  for (const each of listed) {
    const known = byName.get(each.name);
    if (known) known.push(each);
    else byName.set(each.name, [each]);
  }
  return [...byName].map(([name, all]) => readingOf(name, all));
}

function readingOf(name: string, all: readonly (PolicyCore | PolicyLayer)[]): PolicyReading {
  const settings = new Map(all.flatMap((each) => each.settings.map(({ setting, value }) => [setting, value] as const)));
  const cores = all.filter((each) => each instanceof PolicyCore);
  const attempts = cores.flatMap((core) => core.attemptSources());
  return {
    name,
    of: cores[0]?.kind.name ?? 'function',
    forced: all.find(({ forced }) => forced !== undefined)?.forced,
    breakers: all.flatMap(breakersOf).map(({ state }) => state),
    bulkheads: all.flatMap(bulkheadsOf).map((bulkhead) => bulkhead.snapshot()),
    calls: partOf(all),
    attempts: attempts.length === 0 ? undefined : partOf(attempts),
    setting: (path) => settings.get(path),
  };
}

function breakersOf(listed: PolicyCore | PolicyLayer) {
  return listed instanceof PolicyCore ? listed.aliveBreakers : listed.breakers;
}

function bulkheadsOf(listed: PolicyCore | PolicyLayer) {
  return listed instanceof PolicyCore ? listed.aliveBulkheads : listed.bulkheads;
}

function partOf(sources: readonly StatisticsSource[]): ReadingPart {
  const [latencies, ...others] = sources.map((source) => source.latencies());
  for (const other of others) latencies?.merge(other);
  return { statistics: sumStatistics(sources), latencies: latencies as LatencyDigest };
}
