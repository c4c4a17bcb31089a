/** Tracing of an application: the recorder of its spans, and the exporter where it has a collector. */
import { type AppInfo, type Env, type Resolver, type Token, token } from '@fwk/kernel';
import { OtlpExporter } from '../tracing/otlp/otlp-exporter.js';
import type { RecentTraces } from '../tracing/recent-traces.js';
import { TraceRecorder } from '../tracing/trace-recorder.js';
import {
  type CheckedTracing,
  followSampling,
  type TraceSamplingOption,
  tracingDefaults,
} from '../tracing/tracing-options.js';
import { configuredSampling } from './followed-settings.js';

/** The traces that were kept last. */
export const recentTracesToken: Token<RecentTraces> = token('recent traces');

/** See the head of this file. */
export class AppTracing implements Disposable {
  readonly recorder: TraceRecorder;
  readonly #options: CheckedTracing;
  readonly #env: Env;
  readonly #exporter: OtlpExporter | undefined;
  #following: Disposable | undefined;

  constructor(options: CheckedTracing, app: AppInfo, env: Env) {
    this.#options = options;
    this.#env = env;
    this.#exporter = options.export && new OtlpExporter(options.export, resourceOf(app), env);
    this.recorder = new TraceRecorder({ clock: env.clock, random: env.random, sink: this.#exporter });
    if (typeof options.sampling !== 'function') this.#follow(options.sampling);
  }

  /** Asks for what is known only once the components have started. @throws OptionsError */
  started(resolver: Resolver): void {
    const { sampling } = this.#options;
    if (typeof sampling === 'function') this.#follow(sampling(resolver));
    else if (sampling === tracingDefaults.sampling) this.#follow(configuredSampling(resolver, this.#env));
  }

  /** Sends what waits for the collector, within the limit. */
  async flush(limitMs: number): Promise<void> {
    await this.#exporter?.flush(limitMs);
  }

  [Symbol.dispose](): void {
    this.#following?.[Symbol.dispose]();
  }

  #follow(option: TraceSamplingOption): void {
    this.#following?.[Symbol.dispose]();
    this.#following = followSampling(this.recorder, option, ({ message: reason }) => {
      this.#env.events.emit('option.refused', { path: 'tracing', option: 'sampling', reason });
      this.#env.logger.warn({ reason }, 'the sampling of traces was refused; the one before stays');
    });
  }
}

/** Who the traces are from, by the names of OpenTelemetry. */
function resourceOf({ name, version, instanceId, owner }: AppInfo) {
  return {
    'service.name': name,
    'service.version': version,
    'service.instance.id': instanceId,
    'service.owner': owner,
    'telemetry.sdk.name': 'fwk',
    'telemetry.sdk.language': 'nodejs',
    'process.pid': process.pid,
    'process.runtime.name': 'nodejs',
    'process.runtime.version': process.versions.node,
  };
}
