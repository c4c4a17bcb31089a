/** One thing that changed between two versions of a contract. */

/** Whom a change breaks. */
export type Breaks =
  /** Clients of the old contract, when servers take the new one: the change is breaking. */
  | 'old clients'
  /** Clients of the new contract, while servers have the old one: servers have to be replaced first. */
  | 'new clients'
  /** It cannot be told, since a schema does not say what it takes. */
  | 'unknown'
  | 'nobody';

/** One change. */
export interface ContractChange {
  /** Name of the operation; empty for the contract itself. */
  readonly operation: string;
  /** `contract`, `operation`, `idempotency`, `timeout`, `priority`, `error OutOfStock`, or the part whose schema changed. */
  readonly part: string;
  /** Where in a value, as a JSON pointer; empty for the whole. */
  readonly path: string;
  readonly breaks: Breaks;
  /** What changed and why that breaks somebody, for people. */
  readonly why: string;
}

/** Tells a change of one place. @param path - in a value; empty for the whole */
export type TellChange = (breaks: Breaks, why: string, path?: string) => ContractChange;

/** Why a schema of a contract refuses a value, as a sentence. @param whose - `the old contract` */
export function whyOf(whose: string, why: string): string {
  return /^(takes|needs|does not|may|fits)/.test(why) ? `${whose} ${why}` : `in ${whose} it ${why}`;
}
