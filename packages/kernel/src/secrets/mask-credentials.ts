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

const scheme = /\b(bearer|basic|negotiate|token|apikey)( {1,4})([\w.~+/=-]+)/gi;

/** `Bearer …` and `Basic …`. In a sentence, "basic authentication" is none; "unexpected token Identifier" is no token. */
function maskSchemes(text: string): string {
  return text.replace(scheme, (all, name: string, space: string, value: string, offset: number) => {
    const alone = offset === 0 && all.length === text.trimEnd().length;
    if (/^[ta]/i.test(name)) return value.length >= 10 && /\d/.test(value) ? `${name}${space}${mask}` : all;
    return alone || (value.length >= 6 && !/^[a-z]+[.,]?$/.test(value)) ? `${name}${space}${mask}` : all;
  });
}

/** Runs that may hold a token. Each character is looked at once: what follows is asked of a run as a whole. */
const runs = /[\w.-]{16,}/g;

/** Beginnings that providers give their tokens, so that they are found. */
const knownToken = new RegExp(
  `^(?:${[
    'gh[pousr]_|github_pat_|gl(?:pat|dt|rt|ptt|ft|soat|cbt|imt)-|ATATT3|ATBB', // forges
    'xox[abceoprs]-|xapp-|EAACEdEose0cBA|lin_api_|figd_|PMAK-|NRAK-|glsa_|glc_|sntrys_|phx_', // tools
    '[sr]k_(?:live|test)_|sk-|whsec_|sq0[a-z]{3}-|shp(?:at|ca|pa|ss)_|xkeysib-|key-(?=[0-9a-f]{32})', // payments, mail, models
    'AIza|AKIA|ASIA|ya29\\.|do[opr]_v1_|dapi(?=\\w{28})|hv[sb]\\.|s\\.(?=\\w{24}$)|SG\\.|tskey-|pul-|nfp_|sbp_', // clouds
    'npm_|hf_|pypi-|dckr_pat_|CFPAT-|(?:AGE-SECRET-KEY|age-secret-key)-', // packages and keys
  ].join('|')})`,
);

/** JSON web tokens, and tokens by the beginnings that providers give theirs. */
function maskTokens(text: string): string {
  return text.replace(runs, (run) => {
    if (knownToken.test(run)) return mask;
    const at = run.startsWith('eyJ') ? 0 : run.indexOf('.eyJ') + 1 || run.indexOf('-eyJ') + 1;
    const token = run.startsWith('eyJ', at) ? run.slice(at) : '';
    return token.split('.', 3).length === 3 ? run.slice(0, at) + mask : run;
  });
}
