import type { OpenDocument } from './open-document.js';
import type { SchemaReader } from './schema-reader.js';

/** What the readers of the parts of a document share. */
export interface ImportParts {
  readonly document: OpenDocument;
  readonly schemas: SchemaReader;
  /** The name of the contract, by which errors that it declares are known. */
  readonly contract: string;
  /** Notes a part that has no contract, while what it belongs to stays usable. */
  leaveOut(place: string, why: string): void;
}
