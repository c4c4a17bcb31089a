import { mask } from './secret-name.js';

/** Credentials that are recognised wherever they stand: private keys, bearer and basic credentials, known tokens. */
export function maskCredentials(text: string): string {
  return maskTokens(maskSchemes(maskPrivateKeys(text)));
}

const pemBegin = '-----BEGIN ';
const pemEnd = '-----END ';

/** What is written for everybody to read. */
const openPem = /^(?:[A-Z0-9 ]* )?(?:PUBLIC KEY|CERTIFICATE|CERTIFICATE REQUEST|CRL|PARAMETERS|PUBLIC KEY BLOCK)-----/;

/** PEM blocks, to their end or the end of the text. */
function maskPrivateKeys(text: string): string {
  let at = text.indexOf(pemBegin);
  if (at < 0) return text;
  let masked = '';
  let done = 0;
  while (at >= 0) {
    const label = at + pemBegin.length;
    let next = label;
    if (!openPem.test(text.slice(label, label + 64))) {
      const end = text.indexOf(pemEnd, label);
      const close = end < 0 ? -1 : text.indexOf('-----', end + pemEnd.length);
      next = close < 0 ? text.length : close + 5;
      masked += text.slice(done, at) + mask;
      done = next;
    }
    at = text.indexOf(pemBegin, next);
  }
  return masked + text.slice(done);
}

const scheme = /\b(bearer|basic|negotiate)( {1,4})([\w.~+/=-]+)/gi;

/** `Bearer …` and `Basic …`. In a sentence, "basic authentication" is none. */
function maskSchemes(text: string): string {
  return text.replace(scheme, (all, name: string, space: string, value: string, offset: number) => {
    const alone = offset === 0 && all.length === text.trimEnd().length;
    return alone || (value.length >= 6 && !/^[a-z]+[.,]?$/.test(value)) ? `${name}${space}${mask}` : all;
  });
}

/** Runs that may hold a token. Each character is looked at once: what follows is asked of a run as a whole. */
const runs = /[\w.-]{16,}/g;

const knownToken =
  /^(?:gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|xapp-|[sr]k_(?:live|test)_|sk-|whsec_|AIza|AKIA|ASIA|npm_|hf_|dop_v1_|SG\.|hvs\.|ya29\.)/;

/** JSON web tokens, and tokens by the beginnings that providers give theirs. */
function maskTokens(text: string): string {
  return text.replace(runs, (run) => {
    if (knownToken.test(run)) return mask;
    const at = run.startsWith('eyJ') ? 0 : run.indexOf('.eyJ') + 1 || run.indexOf('-eyJ') + 1;
    const token = run.startsWith('eyJ', at) ? run.slice(at) : '';
    return token.split('.', 3).length === 3 ? run.slice(0, at) + mask : run;
  });
}
