/**
 * What a body is on the wire. Bodies are JSON; the schemas made here say that one is bytes or text of a media type instead. They
 * are Standard Schemas as any other, so an operation takes them wherever it takes a schema of a body.
 */
import { OptionsError, type StandardSchema } from '@fwk/kernel';

/** How a body is written and read. */
export interface Content {
  readonly kind: 'json' | 'text' | 'bytes';
  /** Media type without parameters, in lower case. */
  readonly type: string;
}

/** A schema of a body that is no JSON. */
export interface ContentSchema<Value> extends StandardSchema<Value> {
  readonly content: Content;
}

/** The content of every body whose schema says nothing else. */
export const jsonContent: Content = Object.freeze({ kind: 'json', type: 'application/json' });

/** Marks such a schema; registered, so that copies of this package know each other's. */
const brand = Symbol.for('@fwk/http/content');
/** One kind in particular: no `*`, no parameters. */
const typeForm = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/;
const jsonForm = /^application\/(?:[\w.-]+\+)?json$/;

/**
 * A body of bytes: an image, an archive, a format of your own. It is held in memory whole, within the limits of server and client.
 * @param type - media type, such as `image/png`. @defaultValue 'application/octet-stream'
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` for what is no media type
 * @example put('/photos/:id', { params, body: bytes('image/png') })
 */
export function bytes(type = 'application/octet-stream'): ContentSchema<Uint8Array> {
  const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array;
  return contentSchema({ kind: 'bytes', type: mediaType('bytes', type) }, isBytes, 'expected a Uint8Array');
}

/**
 * A body of text in UTF-8 that is no JSON.
 * @param type - media type, such as `text/csv`. @defaultValue 'text/plain'
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` for what is no media type
 */
export function text(type = 'text/plain'): ContentSchema<string> {
  const isText = (value: unknown): value is string => typeof value === 'string' && !/\p{Surrogate}/u.test(value);
  return contentSchema({ kind: 'text', type: mediaType('text', type) }, isText, 'expected text in Unicode');
}

/** What a body with this schema is on the wire. */
export function contentOf(schema: StandardSchema | undefined): Content {
  const content: unknown = schema && Reflect.get(schema, brand);
  return isContent(content) ? content : jsonContent;
}

/** Whether a `Content-Type` says that a body is what it should be. */
export function isOfType({ kind, type }: Content, contentType: string): boolean {
  const end = contentType.indexOf(';');
  const given = (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
  return given === type || (kind === 'json' && jsonForm.test(given));
}

/** The `Content-Type` of a body. */
export function contentTypeOf({ kind, type }: Content): string {
  return kind === 'bytes' ? type : `${type}; charset=utf-8`;
}

function isContent(value: unknown): value is Content {
  return typeof value === 'object' && value !== null && 'kind' in value && 'type' in value;
}

function mediaType(owner: string, type: string): string {
  const given = String(type).toLowerCase();
  if (typeForm.test(given) && !jsonForm.test(given)) return given;
  const shown = JSON.stringify(String(type).slice(0, 100));
  throw new OptionsError(owner, [
    `type must be a media type other than JSON without parameters, such as "image/png", not ${shown}`,
  ]);
}

function contentSchema<Value>(
  content: Content,
  is: (value: unknown) => value is Value,
  message: string,
): ContentSchema<Value> {
  const described = () => ({ contentMediaType: content.type });
  const standard = {
    version: 1,
    vendor: 'fwk',
    validate: (value: unknown) => (is(value) ? { value } : { issues: [{ message }] }),
    // https://standardschema.dev/json-schema
    jsonSchema: { input: described, output: described },
  } as const;
  return Object.freeze({ content: Object.freeze(content), '~standard': standard, [brand]: content });
}
