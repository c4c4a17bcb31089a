export { CredentialsFailedError } from './calling/credentials-failed-error.js';
export type { RequestSigner, RequestToSign, SignedHeaders } from './calling/request-to-sign.js';
export type {
  BoundCredentials,
  Credentials,
  CredentialsParts,
  Grant,
} from './client/client-credentials.js';
export {
  type ClientCredentialsOptions,
  clientCredentials,
  clientCredentialsDefaults,
} from './credentials/client-credentials-grant.js';
export {
  type ApiKeyOptions,
  apiKey,
  apiKeyDefaults,
  type BasicOptions,
  basic,
  bearer,
} from './credentials/given-secrets.js';
export type { FetchedSecret, Secret, SecretFunction } from './credentials/secret.js';
export { signing } from './credentials/signing.js';
export { type FetchedToken, type RefreshOptions, refreshDefaults } from './credentials/token-keeper.js';
