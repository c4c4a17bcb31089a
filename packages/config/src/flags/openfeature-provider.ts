/**
 * OpenFeature's way to our flags: a provider for its server SDK. Flags are resolved in the process, from the definitions that the
 * configuration has now. The SDK is a peer: only who imports this entry needs it.
 */
import {
  ErrorCode,
  type EvaluationContext,
  type JsonValue,
  OpenFeatureEventEmitter,
  type Provider,
  ProviderEvents,
  ProviderNotReadyError,
  type ResolutionDetails,
  type TrackingEventDetails,
} from '@openfeature/server-sdk';
import { type FlagAnswer, type FlagErrorCode, kindOfFlag } from './flag-answer.js';
import type { FlagContext } from './flag-context.js';
import { targetingKey } from './flag-definition.js';
import { providerName } from './flag-span.js';
import type { Flags, FlagsState } from './flags.js';

/**
 * Makes the provider. The key of a context is its `targetingKey`, all of it are attributes; a context with nothing in it is that of the
 * current call. It is ready once the configuration is loaded, `STALE` while its last edit is refused, and tells which flags an edit changed.
 * @example await OpenFeature.setProviderAndWait(openFeatureProvider(app.get(flagsToken)));
 */
export function openFeatureProvider(flags: Flags): Provider {
  return new FlagsProvider(flags);
}

class FlagsProvider implements Provider {
  readonly metadata = Object.freeze({ name: providerName });
  readonly runsOn = 'server';
  readonly events = new OpenFeatureEventEmitter();
  readonly #flags: Flags;
  #subscriptions: readonly Disposable[] = [];

  constructor(flags: Flags) {
    this.#flags = flags;
  }

  /** Ready, or refused at once: it becomes ready by an event then. */
  async initialize(): Promise<void> {
    await this.onClose();
    this.#subscriptions = [
      this.#flags.state.subscribe((state) => this.#tellState(state)),
      this.#flags.onChange((changed) => {
        this.events.emit(ProviderEvents.ConfigurationChanged, { flagsChanged: [...changed] });
      }),
    ];
    if (this.#flags.state.value.status === 'not-ready') {
      throw new ProviderNotReadyError('the configuration that has the flags is not loaded yet');
    }
  }

  async onClose(): Promise<void> {
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
    this.#subscriptions = [];
  }

  async resolveBooleanEvaluation(flag: string, fallback: boolean, context: EvaluationContext) {
    return this.#resolve(flag, fallback, context, (value) => typeof value === 'boolean');
  }

  async resolveStringEvaluation(flag: string, fallback: string, context: EvaluationContext) {
    return this.#resolve(flag, fallback, context, (value) => typeof value === 'string');
  }

  async resolveNumberEvaluation(flag: string, fallback: number, context: EvaluationContext) {
    return this.#resolve(flag, fallback, context, (value) => typeof value === 'number');
  }

  async resolveObjectEvaluation<T extends JsonValue>(flag: string, fallback: T, context: EvaluationContext) {
    return this.#resolve(flag, fallback, context, (value) => typeof value === 'object');
  }

  /** An experiment's own metric: the value of the event, or 1 for one that just happened. */
  track(metric: string, context: EvaluationContext, details: TrackingEventDetails): void {
    this.#flags.record(metric, details?.value ?? 1, contextOf(context));
  }

  #resolve<T>(
    flag: string,
    fallback: T,
    context: EvaluationContext,
    fits: (value: unknown) => boolean,
  ): ResolutionDetails<T> {
    const answer = this.#flags.evaluate(flag, fallback, contextOf(context));
    if (answer.errorCode) return failed(fallback, errorCodes[answer.errorCode], answer.errorMessage ?? '', answer);
    // A default of null says nothing about the kind that is asked for.
    if (answer.variant !== undefined && !fits(answer.value)) {
      const message = `its kind is ${kindOfFlag(answer.value)}`;
      return failed(fallback, ErrorCode.TYPE_MISMATCH, message, answer);
    }
    const { value, variant, reason, flagMetadata } = answer;
    return { value, reason, flagMetadata: { ...flagMetadata }, ...(variant === undefined ? {} : { variant }) };
  }

  #tellState({ status, reason }: FlagsState): void {
    if (status === 'ready') this.events.emit(ProviderEvents.Ready, {});
    else if (status === 'stale')
      this.events.emit(ProviderEvents.Stale, reason === undefined ? {} : { message: reason });
  }
}

const errorCodes: Readonly<Record<FlagErrorCode, ErrorCode>> = Object.freeze({
  FLAG_NOT_FOUND: ErrorCode.FLAG_NOT_FOUND,
  TYPE_MISMATCH: ErrorCode.TYPE_MISMATCH,
  PROVIDER_NOT_READY: ErrorCode.PROVIDER_NOT_READY,
  GENERAL: ErrorCode.GENERAL,
});

function failed<T>(
  value: T,
  errorCode: ErrorCode,
  errorMessage: string,
  { flagMetadata }: FlagAnswer<T>,
): ResolutionDetails<T> {
  return { value, reason: 'ERROR', errorCode, errorMessage, flagMetadata: { ...flagMetadata } };
}

/** Undefined: the context of the current call. */
function contextOf(context: EvaluationContext): FlagContext | undefined {
  for (const _ in context) return { key: context[targetingKey], attributes: context };
  return undefined;
}
