import { OptionsError, type Rule } from '@fwk/kernel';

/**
 * A rule for options within options: the problems that their own check finds are listed with those of the other fields.
 * @param what - what is expected, in words that follow "must be".
 * @param check - throws an OptionsError.
 */
export function nestedRule(what: string, check: (value: never) => unknown): Rule {
  return (value) => {
    try {
      check(value as never);
      return undefined;
    } catch (error) {
      if (!(error instanceof OptionsError)) throw error;
      return `${what} (${error.problems.join('; ')})`;
    }
  };
}
