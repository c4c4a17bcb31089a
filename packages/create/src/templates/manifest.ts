/** The manifests and compiler options of what is made. */

/** The oldest Node that the framework runs on. */
export const engines = { node: '>=20.19' } as const;

/** Ranges of what is not ours. */
export const ranges = {
  '@types/node': '^20.19.0',
  tsx: '^4.20.0',
  typescript: '^5.9.0',
  vitest: '^4.1.0',
  zod: '^4.6.0',
} as const;

type Foreign = keyof typeof ranges;

/** Dependencies with their ranges, in the order of npm. @param version - of the framework's packages */
export function dependencies(version: string, ours: readonly string[], foreign: readonly Foreign[]): object {
  const all = [
    ...ours.map((name) => [`@fwk/${name}`, `^${version}`] as const),
    ...foreign.map((name) => [name, ranges[name]] as const),
  ];
  return Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The manifest of a service: how it is started, and what it needs. @param version - of the framework's packages */
export function serviceManifest(
  name: string,
  version: string,
  { scripts = {}, needs = {}, ...more }: ServiceParts = {},
): string {
  return json({
    name,
    version: '0.1.0',
    private: true,
    type: 'module',
    engines,
    scripts: { ...scripts, start: 'node --enable-source-maps dist/main.js' },
    dependencies: { ...needs, ...dependencies(version, ['core', 'discovery', 'http', 'resilience'], ['zod']) },
    ...more,
  });
}

/** What one service has that others have not. */
interface ServiceParts {
  readonly scripts?: object;
  /** Packages of the same project, with their versions. */
  readonly needs?: object;
  readonly devDependencies?: object;
}

/** A file of JSON as editors write it. */
export function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** Options of the compiler that every project has. */
export const compilerOptions = {
  target: 'ES2022',
  lib: ['ES2023', 'ESNext.Disposable'],
  module: 'NodeNext',
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  experimentalDecorators: true,
  skipLibCheck: true,
  rootDir: 'src',
  outDir: 'dist',
  sourceMap: true,
} as const;

/** What git leaves alone. */
export const ignored = 'node_modules/\ndist/\n*.tsbuildinfo\n*.log\n.env\n';
