/** One request for a token, by the rules of OAuth. What is wrong with an answer is told without a word of what it holds. */
import { currentOf, messageOf } from '@fwk/kernel';
import type { ClientCredentialsOptions } from './client-credentials-grant.js';
import { type FetchedToken, NoTokenError } from './token-keeper.js';

/** Longest answer that is read, in characters. */
const MAX_ANSWER_LENGTH = 100_000;

type Fetch = (path: string, init: RequestInit) => Promise<Response>;

/** @throws NoTokenError, or whatever the connection or a function of the secret throws */
export async function askTokenServer(
  options: ClientCredentialsOptions,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<FetchedToken> {
  const oauth = await loadOauth();
  const { tokenUrl, clientId: client_id, authentication, scope, parameters } = options;
  const given = options.clientSecret;
  const fetched = typeof given === 'function' ? await given(signal) : currentOf(given);
  const secret = typeof fetched === 'string' ? fetched : fetched.token;
  const server = { issuer: new URL(tokenUrl).origin, token_endpoint: tokenUrl };
  const client = { client_id };
  const proof = authentication === 'basic' ? oauth.ClientSecretBasic(secret) : oauth.ClientSecretPost(secret);
  const form = { ...parameters, ...(scope !== undefined && { scope }) };
  const answer = await oauth.clientCredentialsGrantRequest(server, client, proof, form, {
    signal,
    // Only on this machine: the options refuse it elsewhere.
    [oauth.allowInsecureRequests]: tokenUrl.startsWith('http:'),
    [oauth.customFetch]: async (url: string, init: RequestInit) => {
      const { pathname, search } = new URL(url);
      return bounded(await fetch(pathname + search, init));
    },
  });
  try {
    const {
      access_token: token,
      token_type: type,
      expires_in: seconds,
    } = await oauth.processClientCredentialsResponse(server, client, answer);
    if (type !== 'bearer') throw new NoTokenError('the token server gave a token of a type that is not bearer');
    return { token, ...(seconds !== undefined && { expiresInMs: seconds * 1000 }) };
  } catch (error) {
    if (error instanceof NoTokenError) throw error;
    throw refusal(answer, error);
  }
}

type Oauth = typeof import('oauth4webapi');

async function loadOauth(): Promise<Oauth> {
  try {
    return await import('oauth4webapi');
  } catch (cause) {
    throw new NoTokenError('oauth4webapi could not be loaded: npm install oauth4webapi', { cause });
  }
}

/** The answer, with a body that is not longer than a token server's has a reason to be. */
async function bounded(answer: Response): Promise<Response> {
  const reader = answer.body?.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > MAX_ANSWER_LENGTH) {
      await reader.cancel();
      throw new NoTokenError(`the answer of the token server is longer than ${MAX_ANSWER_LENGTH} bytes`);
    }
    chunks.push(value);
  }
  const body = Buffer.concat(chunks);
  return new Response(body.length === 0 ? null : body, { status: answer.status, headers: answer.headers });
}

/** What the server says of itself by a code of OAuth may be shown; anything else of its answer is left out. */
function refusal(answer: Response, error: unknown): NoTokenError {
  const type = (answer.headers.get('content-type') ?? '').split(';', 1)[0]?.slice(0, 60) ?? '';
  const code: unknown = Reflect.get(Object(error), 'error');
  const shown = typeof code === 'string' && /^[\w.-]{1,60}$/.test(code) ? ` with "${code}"` : '';
  const why =
    shown === '' && type !== 'application/json' ? `, ${type === '' ? 'without a type' : type} instead of JSON` : '';
  const what = answer.ok && shown === '' ? `, which is no token by OAuth` : '';
  return new NoTokenError(`the token server answered ${answer.status}${shown}${why}${what}`, {
    cause: new Error(messageOf(error)),
  });
}
