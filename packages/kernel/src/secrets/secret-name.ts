/**
 * Judges by its name whether something is a secret. A name is read as words: `apiKey`, `API_KEY`, `api-key` and `APIKey`
 * are one. A word such as `password` or `token` makes it a secret, unless what stands beside it says that only a fact
 * about the secret is meant: `passwordMinLength`, `tokenBucket`, `maxTokens`, `keyId`, `cookieName`.
 */

/** What stands in the place of a secret. */
export const mask = '******';

/** Longer names and values are judged by their beginning, so that judging costs little whoever chose them. */
const longestName = 200;

const secretWords = words(
  'password passwords passwd passwds passcode passcodes pwd pswd passphrase passphrases passkey passkeys secret secrets',
  'token tokens credential credentials creds apikey apikeys authorization cookie cookies dsn jwt jwts bearer webhook',
  'webhooks salt pepper pin otp cvv cvc signature sig sas hmac psk privkey',
  'mnemonic seedphrase authcode recoverycode recoverycodes backupcode backupcodes unlockcode basicauth sessionid accesskey secretkey privatekey signingkey encryptionkey masterkey sharedkey accountkey',
);

/** Secret as the last word only: `dbPass`, but not `passThrough`. */
const secretEndings = words('pass pw pat key keys');

/** `user:password`, and what is no name of a method such as `basic`, `oauth2` or `SCRAM-SHA-256`. */
const authSecret = /:|^(?=.*\d)[A-Za-z\d+/=]{8,}$/;

/** Ends of words that were run together: `dbpassword`, `authtoken`; `monkey` and `secretary` are none. */
const fusedEnding = /(?:password|passwd|passphrase|pwd|secret|token|apikey|credentials?|sessionid|sessid)$/;

/** A key of these kinds is secret wherever it stands in the name; other keys only as its last word. */
const secretKeyKinds = words('api private secret access signing encryption master shared account license service ssh');

/** Keys of these kinds are no secrets. */
const openKeyKinds = words(
  'public primary foreign partition sort routing cache idempotency lookup group map row index shard hash range unique',
  'object message event sorting natural composite flag',
);

/** In front of what is counted: `maxTokens`, `totalKeys`. */
const quantities = words('max min maximum minimum num number total count');

/** Plurals that, as a number, are a count of such things. */
const countable = words('tokens keys secrets passwords credentials cookies signatures webhooks');

/** Behind a secret word: a fact about the secret, not the secret. */
const facts = words(
  'min max length len size count number limit limits bucket buckets rate per ttl age expiry expires expire expiration',
  'lifetime timeout delay interval duration ms millis sec secs second seconds minute minutes hour hours day days',
  'rotation rounds cost bits bytes retries attempts enabled disabled required optional allowed policy policies rules',
  'rule strength format pattern type types kind algorithm algorithms alg encoding issuer audience subject header',
  'headers name names field fields column prefix suffix path paths file files filename dir directory folder location',
  'provider providers manager vault engine backend source store version id ids ref refs arn label hint placeholder',
  'title description domain scheme used usage index position budget window mode strategy refill capacity burst',
  'options config settings schema validation validator parser service cache samesite port host by of',
);

/** Facts too, except of what is an address itself: the address of a webhook is its secret. */
const addresses = words('url uri urls endpoint');

/** A value that is a secret under every name that may be a secret's. */
export const anySecret = 'user:password';

/**
 * Whether a name can be a secret's at all, whatever its value. A log has the same few names in every line, and judging one costs
 * microseconds.
 */
const judged = new Map<string, boolean>();
/** Most names that are remembered, and the longest, so that whoever chooses names cannot fill the memory. */
const mostJudged = 2000;
const longestJudged = 64;

/**
 * True when the name is that of a secret.
 * @param value - what stands under the name, where it is known: a boolean is no secret, and a number of `tokens` a count.
 */
export function isSecretName(name: string, value?: unknown): boolean {
  if (typeof value === 'boolean') return false;
  let possible = judged.get(name);
  if (possible === undefined) {
    possible = judge(name, anySecret);
    if (name.length <= longestJudged) {
      if (judged.size >= mostJudged) judged.clear();
      judged.set(name, possible);
    }
  }
  return possible && (value === anySecret || judge(name, value));
}

function judge(name: string, value: unknown): boolean {
  const parts = wordsOf(name);
  const at = parts.findLastIndex((word, index) => isSecretWord(word, parts, index));
  if (at < 0) return secretWords.has(parts.join(''));
  const word = parts[at] as string;
  const before = parts[at - 1] ?? '';
  const after = parts[at + 1];
  const end = parts.at(-1) as string;
  if (isKey(word) && openKeyKinds.has(before)) return false;
  if (word === 'auth') return typeof value === 'string' && authSecret.test(value.slice(0, longestName));
  if (after === undefined) {
    if (typeof value === 'number' && countable.has(word)) return false;
    return !quantities.has(parts[0] as string) || at === 0;
  }
  if (word === 'session' || word === 'sessionid') return true;
  if (facts.has(after) || facts.has(end)) return false;
  return word.startsWith('webhook') || word === 'dsn' || !addresses.has(end);
}

function isSecretWord(word: string, parts: readonly string[], index: number): boolean {
  if (secretWords.has(word) || fusedEnding.test(word)) return true;
  if (word === 'session') return parts[index + 1] === 'id';
  if (word === 'auth') return index === parts.length - 1;
  if (!secretEndings.has(word)) return false;
  const after = parts[index + 1];
  if (after === undefined || /^\d+$/.test(after)) return true;
  return (
    isKey(word) && (secretKeyKinds.has(parts[index - 1] ?? '') || ['pem', 'material', 'value', 'data'].includes(after))
  );
}

function isKey(word: string): boolean {
  return word === 'key' || word === 'keys';
}

function wordsOf(name: string): readonly string[] {
  return name
    .slice(0, longestName)
    .replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])/g, ' ')
    .toLowerCase()
    .split(/[^a-z0-9]/)
    .filter((word) => word !== '');
}

function words(...lines: readonly string[]): ReadonlySet<string> {
  return new Set(lines.flatMap((line) => line.split(' ')));
}
