/** What operators see of settings, and do with them. */
import type { Env, ManagementEndpoint, ManagementRequest } from '@fwk/kernel';
import { refused } from '../live/override-change.js';
import { configMetrics } from '../metrics.js';
import type { ChangeReason, Config, OverrideOptions } from '../settings/config.js';

/** The part of a configuration that operators use. */
export interface ManagedConfig extends Pick<Config, 'view' | 'explain' | 'overrides'> {
  /** A value that somebody wants to set at a path, with what is secret there masked. */
  masked(path: string, value: unknown): unknown;
}

/**
 * - `GET /manage/config` shows everything, masked, with its sources in their order, version, hash, overrides and unknown keys.
 * - `GET /manage/config/checkout.maxItems` explains one setting.
 * - `PUT /manage/config/checkout.maxItems` with `{"value": 5, "actor": "ann", "reason": "sale", "forMs": 3600000}` sets it over all sources, in
 *   this process and until it ends; `"dryRun": true` only tells what that would change, and which sections of code it would reach.
 * - `DELETE /manage/config/checkout.maxItems?actor=ann&reason=over` takes that away.
 * - `POST /manage/config/undo` with `{"actor": "ann", "reason": "wrong one"}` takes the last such change back.
 *
 * What does not fit is answered with 400 and the reason, and changes nothing.
 */
export function configEndpoints(config: ManagedConfig): ManagementEndpoint[] {
  const { overrides } = config;
  return [
    {
      path: 'config',
      purpose: 'All settings with their values, secrets masked, and their sources.',
      handle: () => config.view(),
    },
    {
      path: 'config/:path',
      purpose: 'Explains one setting: its value, who gave it, and what it lies over.',
      example: { parameter: 'checkout.maxItems' },
      handle: ({ parameter }) => config.explain(parameter ?? ''),
    },
    {
      path: 'config/:path',
      method: 'PUT',
      purpose: 'Sets one setting over all sources, in this process; `dryRun` only tells what that would change.',
      example: {
        parameter: 'checkout.maxItems',
        body: { value: 5, actor: 'ann', reason: 'sale', forMs: 3_600_000, dryRun: true },
      },
      auditedBody({ parameter = '', body }) {
        const { value, ...options } = Object(body) as Record<string, unknown>;
        return { value: config.masked(parameter, value), ...options };
      },
      handle: (request) => put(config, request),
    },
    {
      path: 'config/:path',
      method: 'DELETE',
      purpose: 'Takes away what was set over all sources for one setting.',
      example: { parameter: 'checkout.maxItems', query: 'actor=ann&reason=over' },
      async handle({ parameter = '', query }) {
        const lifted = await overrides.lift(parameter, changeIn(query));
        return { lifted, setting: config.explain(parameter) };
      },
    },
    {
      path: 'config/undo',
      method: 'POST',
      purpose: 'Takes back the last change that was made by hand.',
      example: { body: { actor: 'ann', reason: 'wrong one' } },
      handle: async ({ body }) => ({ undone: (await overrides.undo(changeIn(body))) ?? null }),
    },
  ];
}

async function put(config: ManagedConfig, { parameter = '', body }: ManagementRequest): Promise<unknown> {
  const { value, dryRun = false, ...options } = membersOf(body, ['value', 'actor', 'reason', 'forMs', 'dryRun']);
  if (typeof dryRun !== 'boolean') throw refused('dryRun must be true or false');
  const given = options as Partial<OverrideOptions> as OverrideOptions;
  const preview = await config.overrides.preview(parameter, value, given);
  if (dryRun) return { dryRun, ...preview };
  await config.overrides.set(parameter, value, given);
  return { dryRun, ...preview, setting: config.explain(parameter) };
}

/** Who asks, and why. There is no dry run of what takes a change back: whoever asks for one must not be given the change. */
function changeIn(given: unknown): ChangeReason {
  const { actor, reason } = membersOf(given, ['actor', 'reason']);
  return { actor, reason } as Partial<ChangeReason> as ChangeReason;
}

/** @throws ConfigError `FWK_CONFIG_OVERRIDE_REFUSED` for what is no object, and for members that nobody knows. */
function membersOf(given: unknown, known: readonly string[]): Record<string, unknown> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw refused('a JSON object is needed');
  const unknown = Object.keys(given).filter((name) => !known.includes(name));
  if (unknown.length > 0) throw refused(`${unknown.slice(0, 5).join(', ')} is unknown; it takes ${known.join(', ')}`);
  return { ...given };
}

/** Version and hash as metrics, so that drift between instances is seen: `config_hash` differs where settings do. */
export function observeConfig(config: Pick<Config, 'version' | 'hash'>, { metrics }: Env): Disposable {
  const version = configMetrics['config.version'];
  const hash = configMetrics['config.hash'];
  const observed = [
    metrics.observe('gauge', version, {}, () => config.version),
    metrics.observe('gauge', hash, {}, () => Number.parseInt(config.hash, 16)),
  ];
  return {
    [Symbol.dispose]() {
      for (const each of observed) each[Symbol.dispose]();
    },
  };
}
