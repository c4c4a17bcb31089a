/** Names of contracts, operations and types, made of what a document calls them. */

/** `GET /pets/{petId}` or `pets/list-all` as `getPetsPetId`, `petsListAll`; empty where nothing can be kept. */
export function camelCase(text: string): string {
  const [first = '', ...others] = wordsOf(text);
  return first.slice(0, 1).toLowerCase() + first.slice(1) + others.map(capital).join('');
}

/** `pet-list` as `PetList`. */
export function pascalCase(text: string): string {
  return wordsOf(text).map(capital).join('');
}

/** `Swagger Petstore` as `swagger-petstore`. */
export function kebabCase(text: string): string {
  return wordsOf(text)
    .map((word) => word.toLowerCase())
    .join('-')
    .slice(0, 63)
    .replace(/-$/, '');
}

/** Names that are given once each: of several alike the later ones get a number. */
export class UniqueNames {
  readonly #taken: Set<string>;
  readonly #next = new Map<string, number>();

  /** @param reserved - names that nobody gets. */
  constructor(reserved: Iterable<string> = []) {
    this.#taken = new Set(reserved);
  }

  give(wanted: string): string {
    let name = wanted;
    let number = this.#next.get(wanted) ?? 2;
    for (; this.#taken.has(name); number++) name = `${wanted}${number}`;
    this.#next.set(wanted, number);
    this.#taken.add(name);
    return name;
  }
}

/** A version such as `1.4` or `v2` as a semantic version; undefined where it has no number. */
export function semanticVersion(text: string): string | undefined {
  if (/^\d{1,9}\.\d{1,9}\.\d{1,9}(?:-[0-9A-Za-z.-]{1,64})?(?:\+[0-9A-Za-z.-]{1,64})?$/.test(text)) return text;
  const [major, minor = '0', patch = '0'] = text.slice(0, 100).match(/\d{1,9}/g) ?? [];
  return major === undefined ? undefined : [major, minor, patch].map(Number).join('.');
}

function wordsOf(text: string): string[] {
  return text.slice(0, 200).match(/[A-Za-z0-9]+/g) ?? [];
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
