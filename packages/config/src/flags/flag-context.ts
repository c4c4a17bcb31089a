import { type ContextKey, contextKey, currentContext, runInContext } from '@fwk/kernel';

/** Facts about whom or what a flag is asked for, by name. Nested ones are reached by paths: `company.country`. */
export type FlagAttributes = Readonly<Record<string, unknown>>;

/** For whom or what a flag is asked. */
export interface FlagContext {
  /** Whom or what roll-outs are sticky by, such as the id of a user. Without one no roll-out applies. */
  readonly key?: string | undefined;
  readonly attributes?: FlagAttributes | undefined;
}

/** Nobody in particular. */
export const noFlagContext: FlagContext = Object.freeze({});

/**
 * For whom flags are asked in a call. Whoever knows the user puts it into the context of the call; flags that are asked without a
 * context of their own read it there.
 * @example context.with({ values: [flagContextKey.of({ key: user.id, attributes: { plan: user.plan } })] })
 */
export const flagContextKey: ContextKey<FlagContext> = contextKey<FlagContext>('flag-context', noFlagContext);

/**
 * Runs `body` as a part of the current call in which flags are asked for this context.
 * @example await runWithFlagContext({ key: user.id }, () => handle(request));
 */
export function runWithFlagContext<T>(context: FlagContext, body: () => T): T {
  return runInContext(currentContext().with({ values: [flagContextKey.of(context)] }), body);
}
