/**
 * Finds secrets inside a text by their form: passwords in URLs, secret parts of queries and connection strings, webhooks,
 * private keys, bearer and basic credentials, JSON web tokens, tokens of well-known providers. What cannot be told from
 * a secret is masked. Works in linear time, since texts come from outside.
 */
import { maskAssignments } from './mask-assignments.js';
import { maskCredentials } from './mask-credentials.js';
import { maskUrls } from './mask-urls.js';

/** The text with every secret in it replaced that can be recognised. */
export function maskText(text: string): string {
  if (text.length < 6) return text;
  return maskAssignments(maskUrls(maskCredentials(text)));
}
