/**
 * Validators come to us through Standard Schema 1.1 (https://standardschema.dev), so that zod, valibot, arktype or a
 * hand-written object all fit and none is imported. The interface is small enough to be stated here.
 */

/** A validator. `validate` answers a value or issues, at once or later. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    /** Never set; carries the types. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a validator answers: `issues` is present exactly when the value is refused. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One thing that a validator found wrong. */
export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What may be given to the validator. */
export type InputOf<Schema> =
  Schema extends StandardSchema<unknown, unknown> ? NonNullable<Schema['~standard']['types']>['input'] : never;

/** What the validator answers. */
export type OutputOf<Schema> =
  Schema extends StandardSchema<unknown, unknown> ? NonNullable<Schema['~standard']['types']>['output'] : never;

/** True for an object that speaks Standard Schema; some validators (arktype) are functions. */
export function isSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard = (value as Partial<StandardSchema>)['~standard'];
  return typeof standard === 'object' && standard !== null && typeof standard.validate === 'function';
}

/** The path of an issue, as plain steps. */
export function issuePath({ path }: StandardIssue): string[] {
  return (path ?? []).map((step) => String(typeof step === 'object' ? step.key : step));
}
