/**
 * The map of all services: asks every instance for its edges, a few at a time, and joins what comes. Whoever does not answer in
 * time, or answers something else, is named, and costs the others nothing.
 */
import {
  anything,
  type Clock,
  checkOptions,
  type FoundInstance,
  integerIn,
  messageOf,
  millisecondsIn,
  settleWithin,
  systemClock,
} from '@fwk/kernel';
import { joinTopology, type TopologyMap } from './join-topology.js';
import { readTopologyReport } from './read-report.js';
import type { TopologyReport } from './topology-report.js';

/** Options of {@link gatherTopology}. */
export interface GatherOptions {
  /** How long one instance may take, in milliseconds, 1 to 60,000. @defaultValue 2000 */
  readonly limitMs: number;
  /** Instances that are asked at once, 1 to 256. @defaultValue 16 */
  readonly maxParallel: number;
  /** Instances that are asked at all, 1 to 10,000. @defaultValue 1000 */
  readonly maxInstances: number;
  /** Longest answer that is read, in bytes, 1024 to 1,073,741,824. @defaultValue 8388608 */
  readonly maxAnswerBytes: number;
  /** Sent along, such as `{ authorization: 'Bearer …' }`. Every instance gets them: give them only for instances that you trust. @defaultValue none */
  readonly headers: Readonly<Record<string, string>>;
  /** @defaultValue the system clock */
  readonly clock: Clock;
}

/** Defaults of {@link GatherOptions}. */
export const gatherDefaults: Readonly<GatherOptions> = Object.freeze({
  limitMs: 2000,
  maxParallel: 16,
  maxInstances: 1000,
  maxAnswerBytes: 8 * 1024 * 1024,
  headers: Object.freeze({}),
  clock: systemClock,
});

/** What all instances together say, and which ones said nothing. */
export interface GatheredTopology extends TopologyMap {
  readonly missing: readonly { readonly service: string; readonly instance: string; readonly problem: string }[];
}

/** Asks the instances. @throws OptionsError for options out of range. */
export async function gatherTopology(
  instances: Iterable<FoundInstance>,
  options: Partial<GatherOptions> = {},
): Promise<GatheredTopology> {
  const checked = checkOptions<GatherOptions>('gatherTopology', options, gatherDefaults, {
    limitMs: millisecondsIn(1, 60_000),
    maxParallel: integerIn(1, 256),
    maxInstances: integerIn(1, 10_000),
    maxAnswerBytes: integerIn(1024, 1_073_741_824),
    headers: anything,
    clock: anything,
  });
  const all = [...instances];
  const reports: TopologyReport[] = [];
  const missing: { service: string; instance: string; problem: string }[] = all
    .slice(checked.maxInstances)
    .map(({ service, instance }) => ({ service, instance, problem: `more than ${checked.maxInstances} instances` }));
  const waiting = all.slice(0, checked.maxInstances).values();
  const work = async () => {
    for (const { service, instance, managementUrl } of waiting) {
      try {
        if (managementUrl === undefined) throw new Error('it does not say where its management listens');
        reports.push(await ask(managementUrl, checked));
      } catch (error) {
        missing.push({ service, instance, problem: messageOf(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: checked.maxParallel }, work));
  return { ...joinTopology(reports), missing };
}

async function ask(managementUrl: string, options: GatherOptions): Promise<TopologyReport> {
  const { clock, limitMs } = options;
  const giveUp = new AbortController();
  const late = () => {
    giveUp.abort();
    throw new Error(`no answer within ${limitMs} ms`);
  };
  const text = await settleWithin(answerOf(managementUrl, options, giveUp.signal), { clock, limitMs, late });
  const report = readTopologyReport(JSON.parse(text));
  if (!report) throw new Error('its answer is no report of edges');
  return report;
}

/** @throws Error for another status than 200, and for an answer that is too long. */
async function answerOf(managementUrl: string, options: GatherOptions, signal: AbortSignal): Promise<string> {
  const { headers, maxAnswerBytes } = options;
  const url = new URL('/manage/topology?digests=true', managementUrl);
  const answer = await fetch(url, { headers, signal, redirect: 'error' });
  if (answer.status !== 200) {
    await answer.body?.cancel();
    throw new Error(`it answered with status ${answer.status}`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxAnswerBytes) throw new Error(`its answer has more than ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
