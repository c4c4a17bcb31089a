/** Contracts out of OpenAPI documents. Apart from the main entry, since no service of ours needs it to run. */
export {
  contractFromOpenApi,
  type ImportedContract,
  type UntypedOperations,
} from './openapi/contract-from-open-api.js';
export { contractModule } from './openapi/contract-module.js';
export type { ImportOptions } from './openapi/import-api.js';
export type { ImportedServer, ImportNote, ImportNotes, SecurityScheme } from './openapi/imported-api.js';
export { OpenApiError } from './openapi/open-api-error.js';
export { readOpenApi } from './openapi/read-document.js';
