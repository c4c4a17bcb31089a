/** Makes the module of a contract out of a document of OpenAPI, and says what is to be known about it. */
import { isFwkError, messageOf, OptionsError, printable } from '@fwk/kernel';
import type { ImportNote, ImportNotes } from '../openapi/imported-api.js';
import { readDocument } from './read-file.js';

/** @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` (its promise) for a document that cannot be read or gives no contract. */
export async function importDocument(
  place: string,
  name: string | undefined,
  prefix: string | undefined,
): Promise<{ readonly text: string; readonly notes: string }> {
  const { contractModule } = await import('../openapi/contract-module.js');
  try {
    const document = await readDocument(place);
    const { source, ...notes } = contractModule(document, {
      ...(name !== undefined && { name }),
      ...(prefix !== undefined && { prefix }),
    });
    return { text: source, notes: notesText(notes) };
  } catch (error) {
    if (error instanceof OptionsError) throw error;
    const what = isFwkError(error) ? ':' : ' cannot be read:';
    throw new OptionsError('fwk-contract', [`${place}${what} ${messageOf(error)}`]);
  }
}

function notesText({ servers, security, named, leftOut }: ImportNotes): string {
  return [
    ...section(
      'Endpoints for its client',
      servers.filter(({ url }) => url !== '').map(({ url }) => url),
    ),
    ...section(
      'Its callers show who they are; give the headers of the client',
      security.map(({ name, type, scheme, in: where, parameter }) =>
        [name, type, scheme, where, parameter].filter((word) => word !== undefined).join(' '),
      ),
    ),
    ...section('Named otherwise', named.map(noteText)),
    ...section('Left out', leftOut.map(noteText)),
  ].join('');
}

function noteText({ place, why }: ImportNote): string {
  return `${place} ${why}`;
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:\n`, ...lines.map((line) => `  ${printable(line)}\n`)];
}
