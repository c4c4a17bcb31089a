/** Comparing versions of a contract, and writing one as OpenAPI. Apart from the main entry, since no service needs it to run. */
export { acceptsAll } from './evolution/accepts-all.js';
export { type ContractComparison, compareContracts } from './evolution/compare-contracts.js';
export type { Breaks, ContractChange } from './evolution/contract-change.js';
export {
  type ContractDescription,
  describeContract,
  type ErrorDescription,
  type OperationDescription,
  type ResponseDescription,
} from './evolution/contract-description.js';
export type { JsonSchema, JsonSchemaObject, SchemaDescription } from './evolution/json-schema.js';
export { type OpenApiDocument, type OpenApiOperation, openApi } from './evolution/open-api.js';
export type { Reason } from './evolution/ranges.js';
