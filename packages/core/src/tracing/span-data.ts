/** What spans hold, as plain data without secrets: for people, for OTLP and for OpenTelemetry. */
import { type AttributeValue, redact, redactText } from '@fwk/kernel';

/** The attribute that says which operation a span serves or calls, such as `orders.place`. */
export const operationAttribute = 'fwk.operation';

/** The attribute of a call that says which service is called. Source: OpenTelemetry's semantic conventions. */
export const peerAttribute = 'service.peer.name';

/** Longest text of an attribute. */
const longestText = 1024;
const limits = Object.freeze({ maxDepth: 4, maxValues: 100, maxTextLength: longestText, maxTotalLength: 8192 });

/** Attributes by name, of a list of names and values in turn; of one name the last counts. */
export function attributesOf(list: readonly AttributeValue[]): Readonly<Record<string, AttributeValue>> {
  const names = new Map<string, AttributeValue>();
  for (let index = 0; index + 1 < list.length; index += 2) names.set(String(list[index]), list[index + 1] ?? '');
  return otelAttributes(Object.fromEntries(names));
}

/** The data of an event as attributes: values that are objects or lists become JSON. */
export function otelAttributes(data: Readonly<Record<string, unknown>>): Readonly<Record<string, AttributeValue>> {
  const copy = redact(data, '', limits);
  if (typeof copy !== 'object' || copy === null) return {};
  const attributes: [string, AttributeValue][] = [];
  for (const [name, value] of Object.entries(copy)) {
    if (value === null) continue;
    attributes.push([name, isAttribute(value) ? value : JSON.stringify(value)]);
  }
  return Object.fromEntries(attributes);
}

/** Longest text that is kept until it is read, in characters: more than is shown, so that it is masked before it is cut. */
const longestKept = 4 * longestText;

/** A text as a span keeps it. What a slice is taken from would stay in memory as a whole; what is copied does not. */
export function keptText(text: string): string {
  return text.length <= longestKept ? text : Buffer.from(text.slice(0, longestKept)).toString();
}

/** A text of an attribute, without secrets. */
export function attributeText(name: string, text: string): string {
  return String(redact(text, name, limits));
}

/** What a failure says, without secrets. */
export function failureText(message: string): string {
  return redactText(message, longestText);
}

function isAttribute(value: unknown): value is AttributeValue {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
