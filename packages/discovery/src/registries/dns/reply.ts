import { codeOf } from '@fwk/kernel';

/** What came of a question to the DNS. */
export type Reply<T> =
  | { readonly kind: 'records'; readonly records: readonly [T, ...T[]] }
  /** There definitely are none: no such name, none of the kind, or (behind an alias) an empty answer. */
  | { readonly kind: 'none' }
  | Failure;

/** Nobody could say. */
export interface Failure {
  readonly kind: 'failed';
  readonly problem: string;
  /** True when no server answered at all, so that other questions would wait in vain too. */
  readonly silent: boolean;
}

/** What came of trying several names. */
export type Found<T> = Reply<T> & { readonly name?: string };

/**
 * The records of the first name that has some.
 * @param known - the name that had records before: the last one that is tried, since what is behind it must not be replaced
 * by what another name happens to lead to.
 */
export async function firstFound<T>(
  names: readonly string[],
  known: string | undefined,
  ask: (name: string) => Promise<Reply<T>>,
): Promise<Found<T>> {
  let failure: Failure | undefined;
  for (const name of names) {
    const reply = await ask(name);
    if (reply.kind === 'records') return { ...reply, name };
    if (reply.kind === 'failed') failure ??= reply;
    if (name === known || (reply.kind === 'failed' && reply.silent)) break;
  }
  return failure ?? { kind: 'none' };
}

/** Whether an error of a resolver definitely says that there are no such records. */
export function saysNone(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOTFOUND' || code === 'ENODATA';
}

/** Whether an error says that the server was not reached, and not that it cannot answer this one question. */
export function saysSilent(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ETIMEOUT' || code === 'ECONNREFUSED';
}
