import { OptionsError } from '../options/check-options.js';

/** Characters of a token: enough that nobody guesses it, and no more than a header holds. */
export const tokenLength = Object.freeze({ min: 16, max: 1024 });

/**
 * Checks a token that was configured. Apart from the rules of options, whose messages quote what they refuse.
 * @param owner - who is being built, the head of the message.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`, which does not show it.
 */
export function checkToken(owner: string, token: unknown): asserts token is string | undefined {
  if (token === undefined) return;
  const { min, max } = tokenLength;
  if (typeof token === 'string' && /^[\x21-\x7e]+$/.test(token) && token.length >= min && token.length <= max) return;
  throw new OptionsError(owner, [`token must be ${min} to ${max} visible ASCII characters without spaces`]);
}

/**
 * Makes a check of `Authorization: Bearer` headers against one token. It takes as long for a wrong token as for the right
 * one: digests have one length, so that comparing them tells nothing of the token, not even its length.
 */
export async function bearerCheck(token: string): Promise<(authorization: string | undefined) => boolean> {
  const { createHash, timingSafeEqual } = await import('node:crypto');
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const expected = digest(token);
  return (authorization) => {
    const given = /^Bearer +(\S.*)$/i.exec(authorization ?? '')?.[1] ?? '';
    return timingSafeEqual(digest(given), expected);
  };
}
