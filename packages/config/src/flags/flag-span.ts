/**
 * Says in the span of a call which flags were asked in it, in the words of OpenTelemetry's semantic conventions: an event
 * `feature_flag.evaluation` for each answer, told once while it stays the same. The span itself bears the attributes of the first
 * flag that was asked: several of one name cannot stand there.
 */
import { type CallContext, type Span, traceKey } from '@fwk/kernel';
import { longestExposedKey } from './exposures.js';
import type { FlagAnswer } from './flag-answer.js';

/** What was said in a span, by flag. */
const said = new WeakMap<Span, Map<string, string>>();

/** What OpenFeature calls us. */
export const providerName = 'fwk';

/** @param key - of whom the flag was asked for. */
export function tellInSpan(call: CallContext, flag: string, answer: FlagAnswer<unknown>, key: unknown): void {
  const span = call.get(traceKey)?.span;
  if (!span) return;
  const { variant, reason, errorCode } = answer;
  const known = said.get(span) ?? new Map<string, string>();
  said.set(span, known);
  const text = `${reason} ${errorCode ?? variant ?? ''}`;
  if (known.get(flag) === text) return;
  const result = {
    'feature_flag.key': flag,
    ...(variant !== undefined && { 'feature_flag.result.variant': variant }),
    'feature_flag.result.reason': reason.toLowerCase(),
  };
  if (known.size === 0) for (const [name, value] of Object.entries(result)) span.set(name, value);
  known.set(flag, text);
  span.event('feature_flag.evaluation', {
    ...result,
    'feature_flag.provider.name': providerName,
    ...(typeof key === 'string' && key.length <= longestExposedKey && { 'feature_flag.context.id': key }),
    ...(errorCode !== undefined && { 'error.type': errorCode.toLowerCase() }),
  });
}
