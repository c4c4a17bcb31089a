/** The types of the errors that a contract declares. */
import type { InputOf, OutputOf, StandardSchema } from '@fwk/kernel';
import type { ErrorSpecs } from './error-spec.js';
import type { Operation } from './operation.js';
import type { OperationError, OperationErrorOptions } from './operation-error.js';

/**
 * An error of a contract: `throw new OutOfStock({ data })` in a handler, `error instanceof OutOfStock` at a caller.
 * @typeParam Data - what its schema gives out, which a caller sees.
 * @typeParam Given - what its schema takes, which a handler gives.
 */
export interface OperationErrorClass<Name extends string, Data, Given = Data> {
  new (
    ...given: undefined extends Given
      ? [options?: OperationErrorOptions & { readonly data?: Given }]
      : [options: OperationErrorOptions & { readonly data: Given }]
  ): OperationError<Name, Data>;
  /** Whether a value is this error, whoever made it and in whichever copy of the contract. */
  [Symbol.hasInstance](value: unknown): value is OperationError<Name, Data>;
}

/** The errors of all operations of a contract, by name. */
export type ErrorClasses<Ops extends Readonly<Record<string, Operation>>> = {
  readonly [Name in NameIn<SpecsIn<Ops>>]: ClassOf<Name, SpecOf<SpecsIn<Ops>, Name>>;
};

/** The errors that operations of this type declare. */
export type ErrorOfSpecs<Specs> = {
  readonly [Name in NameIn<Specs>]: ErrorOfSpec<Name, SpecOf<Specs, Name>>;
}[NameIn<Specs>];

/** A union of what the operations have as their errors; without those that have none. */
type SpecsIn<Ops extends Readonly<Record<string, Operation>>> = {
  [Op in keyof Ops]: Ops[Op] extends Operation<infer Spec> ? SpecsOf<Spec> : never;
}[keyof Ops];

/** The errors of one operation; never where it has none. */
export type SpecsOf<Spec> = Spec extends { readonly errors: infer Specs extends ErrorSpecs } ? Specs : never;

type NameIn<Specs> = Specs extends unknown ? keyof Specs & string : never;
type SpecOf<Specs, Name extends string> = Specs extends Readonly<Record<Name, infer Spec>> ? Spec : never;
type SchemaOf<Spec> = Spec extends { readonly data: infer Schema extends StandardSchema } ? Schema : never;
type ClassOf<Name extends string, Spec> = [SchemaOf<Spec>] extends [never]
  ? OperationErrorClass<Name, undefined>
  : OperationErrorClass<Name, OutputOf<SchemaOf<Spec>>, InputOf<SchemaOf<Spec>>>;
type ErrorOfSpec<Name extends string, Spec> = [SchemaOf<Spec>] extends [never]
  ? OperationError<Name, undefined>
  : OperationError<Name, OutputOf<SchemaOf<Spec>>>;
