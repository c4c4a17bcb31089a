/** npm reads flags before `--` as its own, so the program does not get them. */

/**
 * Says which flags npm has taken.
 * @param flags - names of the program's flags.
 * @param env - of the program, where npm leaves what it takes.
 * @returns a line for people, or an empty text where it has taken none
 */
export function takenByNpm(flags: readonly string[], env: NodeJS.ProcessEnv): string {
  const taken = flags.filter((flag) => env[`npm_config_${flag}`] !== undefined).map((flag) => `--${flag}`);
  if (taken.length === 0) return '';
  return `npm has taken ${taken.join(' and ')} for its own: flags stand after "--", as in npm create @fwk -- orders --kind service\n`;
}
