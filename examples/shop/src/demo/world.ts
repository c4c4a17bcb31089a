/** What the chapters of the story share: the shop that they work on, what they measure, and how they wait. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import type { Fleet } from './fleet.js';
import { getJson } from './json-request.js';
import type { Load } from './load.js';

/** What the story measures while it happens; the report prints it. */
export interface Facts {
  kills: number;
  breakerOpened: number;
  breakerClosed: number;
  badConfigRefused: boolean;
  /** From the edit of the file to the first answer that shows it; undefined until seen. */
  configChangeSeenMs: number | undefined;
  /** From the edit of a client's policy to the moment at which that client has it in force; undefined until seen. */
  clientPolicyChangedSeenMs: number | undefined;
  /** Of the new version of inventory: the share of calls that it was to get, and the share of customers' pages that it answered. */
  canary: CanaryShares | undefined;
  /** Of the two versions of inventory, as `/manage/experiments` compares them; undefined until it was played. */
  experiment: ExperimentFacts | undefined;
  rollingRestartFailed: number | undefined;
  /** Of a service that left the process it shared: undefined where none has. */
  splitOff: SplitOff | undefined;
}

/** A service that has moved to a process of its own. */
export interface SplitOff {
  /** From the edit that moves it to the first page that its own process answered. */
  readonly seenMs: number;
  /** Share of the pages that it answered from then on. */
  readonly share: number;
}

/** An experiment: each customer has one variant of a flag. */
export interface ExperimentFacts {
  /** From the edit that defines the flag to the moment at which the client follows it. */
  readonly startedMs: number | undefined;
  readonly configuredShare: number;
  /** Share of the calls that had the variant that is tried. */
  readonly seenShare: number;
  readonly variants: readonly VariantFacts[];
  /** Customers whose pages came from both variants. */
  readonly unsteadyCustomers: number;
}

/** What was measured of the calls under one variant. */
export interface VariantFacts {
  readonly variant: string;
  readonly calls: number;
  readonly errors: number;
  readonly p95Ms: number | undefined;
  /** Mean of what customers spent on an order. */
  readonly orderCents: number;
}

/** Shares from 0 to 1, before the split is widened and after it. */
export interface CanaryShares {
  readonly configuredBefore: number;
  readonly seenBefore: number;
  readonly configuredAfter: number;
  readonly seenAfter: number;
  /** From the edit that widens it to the moment at which the client has it in force. */
  readonly widenedMs: number | undefined;
}

/** What the story works with. */
export interface World {
  readonly fleet: Fleet;
  readonly load: Load;
  readonly facts: Facts;
  readonly configFile: string;
  readonly shopUrl: string;
  readonly firstProviderUrl: string;
  /** Ends every wait of the story when the demo is stopped. */
  readonly signal: AbortSignal;
  tell(text: string): void;
}

/** How long a chapter waits for what it announces before it says that it did not happen. */
const patienceMs = 15_000;

/** Waits until it is so, and says so when it is not in time; the report then shows it. */
export async function happened(world: World, what: string, isSo: () => boolean | Promise<boolean>): Promise<boolean> {
  const limitMs = performance.now() + patienceMs;
  while (performance.now() < limitMs) {
    if (await isSo()) return true;
    await wait(5, undefined, { signal: world.signal });
  }
  world.tell(`still waiting after ${patienceMs / 1000} s that ${what}: the story goes on without it`);
  return false;
}

/** Replaces the file in one step, as editors and configuration tools do. */
export async function save(file: string, content: string): Promise<void> {
  await writeFile(`${file}.new`, content);
  await rename(`${file}.new`, file);
}

/** Edits the configuration, which has to contain what is replaced. */
export async function edit({ configFile }: World, what: RegExp, by: string): Promise<void> {
  const current = await readFile(configFile, 'utf8');
  await save(configFile, current.replace(what, by));
}

/** The value of a setting as the storefront's client of inventory has it in force. */
export async function settingInForce({ fleet }: World, setting: string): Promise<unknown> {
  const { management } = fleet.of('storefront')[0] ?? {};
  const { uses } = await getJson<InForce>(`${management}/manage/policies/inventory`);
  return uses[0]?.settings.find((each) => each.setting === setting)?.value;
}

/** What is read of `GET /manage/policies/:name`. */
interface InForce {
  readonly uses: readonly { readonly settings: readonly { readonly setting: string; readonly value: unknown }[] }[];
}
