/** The keywords of a schema that are checked, and whether what they are given is what JSON Schema allows there. */
import { isObject, type JsonSchemaObject } from '../evolution/json-schema.js';
import { isSchema } from '../evolution/schema-parts.js';
import { withMeaning } from './schema-dialect.js';

type Rule = (value: unknown) => boolean;

const types = new Set(['null', 'boolean', 'integer', 'number', 'string', 'array', 'object']);
const isName: Rule = (value) => typeof value === 'string';
const isType: Rule = (value) => typeof value === 'string' && types.has(value);
const isTypes: Rule = (value) => isType(value) || (Array.isArray(value) && value.length > 0 && value.every(isType));
const isNumber: Rule = (value) => typeof value === 'number' && Number.isFinite(value);
const isCount: Rule = (value) => Number.isInteger(value) && Number(value) >= 0;
const isNames: Rule = (value) => Array.isArray(value) && value.every(isName);
const areSchemas: Rule = (value) => Array.isArray(value) && value.length > 0 && value.every(isSchema);
const areNamed =
  (rule: Rule): Rule =>
  (value) =>
    isObject(value) && Object.values(value).every(rule);

const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['type', isTypes],
  ['enum', Array.isArray],
  ['const', () => true],
  ['multipleOf', (value) => isNumber(value) && Number(value) > 0],
  ...keywords('minimum maximum exclusiveMinimum exclusiveMaximum', isNumber),
  ...keywords('minLength maxLength minItems maxItems minContains maxContains minProperties maxProperties', isCount),
  ...keywords('pattern format', isName),
  ['uniqueItems', (value) => typeof value === 'boolean'],
  ['required', isNames],
  ['dependentRequired', areNamed(isNames)],
  ...keywords('properties patternProperties dependentSchemas', areNamed(isSchema)),
  ...keywords('items contains additionalProperties propertyNames not if then else', isSchema),
  ...keywords('unevaluatedItems unevaluatedProperties', isSchema),
  ...keywords('allOf anyOf oneOf prefixItems', areSchemas),
]);

function keywords(names: string, rule: Rule): [string, Rule][] {
  return names.split(' ').map((name) => [name, rule]);
}

/** Answers the keywords that are checked, and those that cannot be, with the reason in words that follow their place. */
export function checkedKeywords(given: JsonSchemaObject): {
  readonly schema: JsonSchemaObject;
  readonly faults: readonly { readonly keyword: string; readonly why: string }[];
} {
  const faults: { keyword: string; why: string }[] = [];
  const entries = Object.entries(withMeaning(given)).filter(([keyword, value]) => {
    const rule = rules.get(keyword);
    if (rule === undefined || rule(value)) return rule !== undefined;
    const shown = JSON.stringify(value)?.slice(0, 100);
    // Fields used to say themselves that they are required. It means nothing any more, but stands in many documents.
    if (keyword !== 'required' || typeof value !== 'boolean') {
      faults.push({ keyword, why: `is ${shown}, which JSON Schema does not allow there` });
    }
    return false;
  });
  return { schema: Object.fromEntries(entries), faults };
}
