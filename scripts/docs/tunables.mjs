/**
 * Renders the page of everything that can be tuned: from the tables of tunables that packages export, from the rules and defaults of
 * the layers of policies, and from the docstrings of their options.
 */
import { docsOf, interfacesOfBalancers, interfacesOfParts, interfacesWithDefaults } from './docstrings.mjs';

/**
 * @typedef {object} Given
 * @property {Readonly<Record<string, object>>} exports what each package exports
 * @property {Readonly<Record<string, readonly string[]>>} sources texts of all shipped sources of each package
 * @property {readonly import('../../packages/resilience/src/order/placed-part.js').PlacedPart[]} order
 * @property {readonly import('../../packages/resilience/src/policy/kind-field.js').KindField[]} fields of clients
 * @property {typeof import('../../packages/core/src/health/health-rules.js').healthRules} health rules of its settings
 */

/**
 * @param {Given} given
 * @returns {string} docs/tunables.md
 */
export function tunablesPage(given) {
  const docs = docsOf(Object.values(given.sources).flat());
  const policies = [...partRows(given, docs), ...fieldRows(given, docs), ...balancerRows(given, docs)];
  return [
    '# Tunables',
    '',
    'Everything that operators can tune, with its default and its range. Made by `npm run docs` from the code.',
    '',
    'What is **live** takes effect while the service runs: by an edit of a source of the configuration, by',
    '`PUT /manage/config/PATH` (with `"dryRun": true` to see what it would change and touch), or, for one policy, by',
    '`PUT /manage/policies/NAME`. A value outside its range is refused and the last good one stays.',
    '`npx fwk-config explain PATH --url http://127.0.0.1:9000` says where a running service has a value from.',
    '',
    '## Components',
    '',
    ...table(tunableRows(given)),
    '',
    '## Health',
    '',
    '`health` is where the application told `createApp({ health })` to find them, and `NAME` is the name of a check; see',
    '[health](health.md). What is set for one check goes over what its code says, and that over what is set for all.',
    '',
    ...table(healthRows(given, docs)),
    '',
    '## Policies of functions, clients and servers',
    '',
    '`policies` is where the application told `resilience()` to find them. `NAME` is the name of a policy, of a client',
    '(`inventory`) or of a server (`inventory-server`). What stands in `defaults` is for all of them, what stands in',
    '`policies.NAME.operations.OPERATION` for one operation. All are live; those that *start anew* lose what their layer has',
    'measured, such as the window of a breaker. A layer is there when something asks for it: `retry: {}` does, `retry: false`',
    'takes it away. `balancer[p2c].decayMs` stands beside the kind: `balancer: { kind: p2c, decayMs: 5000 }`.',
    '',
    ...table(policies),
    '',
    '## Set when the application is put together',
    '',
    'Options in code, read once at the start. The path is the interface with the option.',
    '',
    ...table(startRows(given, docs)),
    '',
  ].join('\n');
}

/** Tables that packages export as `coreTunables` and the like. */
function tunableRows({ exports }) {
  return Object.entries(exports).flatMap(([name, exported]) =>
    Object.values(exported[`${name}Tunables`] ?? {}).map(({ path, rule, defaultValue, summary }) => {
      return { path, range: wordsOf(rule), usual: shown(defaultValue), when: 'live', text: summary, owner: name };
    }),
  );
}

/** Each part of the settings of health: its interface, and where it stands. */
const healthParts = [
  ['whole', 'HealthSettings', 'health'],
  ['check', 'CheckSettings', 'health.checks.NAME'],
  ['eventLoop', 'EventLoopSettings', 'health.eventLoop'],
  ['memory', 'MemorySettings', 'health.memory'],
  ['disk', 'DiskSettings', 'health.disk'],
  ['overload', 'OverloadSettings', 'health.overload'],
];

function healthRows({ health }, docs) {
  return healthParts.flatMap(([part, options, path]) =>
    Object.entries(health[part]).map(([option, rule]) => {
      const doc = docs.get(options).get(option);
      const range = wordsOf(rule);
      return {
        path: `${path}.${option}`,
        range,
        usual: shown(undefined, doc),
        when: 'live',
        text: doc.text,
        owner: 'core',
      };
    }),
  );
}

/** Options of layers. */
function partRows({ order, sources }, docs) {
  const interfaces = interfacesOfParts(sources.resilience);
  return order.flatMap(({ field, single, beside, rules, defaults, tunable }) =>
    Object.entries(rules).flatMap(([option, rule]) => {
      const range = wordsOf(rule);
      const doc = docs.get(interfaces.get(field))?.get(option);
      // Only code can give a function, and a fallback is nothing else.
      if (range === 'a function' || field === 'fallback') return [];
      const path = option === single ? field : (beside[option] ?? `${field}.${option}`);
      const when = tunable.includes(option) ? 'live' : 'live, starts anew';
      const usual = shown(defaults[option], doc);
      return [{ path: `policies.NAME.${path}`, range, usual, when, text: doc?.text ?? '', owner: 'resilience' }];
    }),
  );
}

/** Options that only policies of clients have. */
function fieldRows({ fields }, docs) {
  return fields.flatMap(({ name, rule, rules = {}, defaults = {}, optionsType = '' }) => {
    const own = docs.get('ClientFields')?.get(name);
    const whole = { path: name, range: wordsOf(rule), usual: shown(undefined, own), text: own?.text ?? '' };
    const members = Object.entries(rules).flatMap(([option, each]) => {
      const range = wordsOf(each);
      const doc = docs.get(optionsType)?.get(option);
      if (range === 'a function') return [];
      return [{ path: `${name}.${option}`, range, usual: shown(defaults[option], doc), text: doc?.text ?? '' }];
    });
    return [whole, ...members].map((row) => {
      return { ...row, path: `policies.NAME.${row.path}`, when: 'live', owner: 'http' };
    });
  });
}

/** Options of the balancers that configuration can choose. */
function balancerRows({ sources }, docs) {
  return interfacesOfBalancers(sources.discovery).flatMap(([kind, options]) =>
    [...(docs.get(options) ?? [])].flatMap(([option, { text, usual }]) => {
      if (usual === undefined) return [];
      return [
        {
          path: `policies.NAME.balancer[${kind}].${option}`,
          range: '',
          usual: shown(undefined, { usual }),
          when: 'live',
          text,
          owner: 'discovery',
        },
      ];
    }),
  );
}

/** Options that are read once. */
function startRows({ sources, order, fields }, docs) {
  const elsewhere = new Set([
    ...interfacesOfParts(sources.resilience).values(),
    ...interfacesOfBalancers(sources.discovery).map(([, options]) => options),
    ...fields.map(({ optionsType }) => optionsType),
    ...healthParts.map(([, options]) => options),
  ]);
  const inPolicies = new Set([...order.map(({ field }) => field), ...fields.map(({ name }) => name)]);
  return Object.entries(sources).flatMap(([owner, texts]) =>
    [...new Set(interfacesWithDefaults(texts))].flatMap((name) => {
      if (elsewhere.has(name)) return [];
      return [...(docs.get(name) ?? [])].flatMap(([option, { text, usual }]) => {
        if (usual === undefined || inPolicies.has(option)) return [];
        return [
          { path: `${name}.${option}`, range: '', usual: shown(undefined, { usual }), when: 'at start', text, owner },
        ];
      });
    }),
  );
}

/** What a rule wants, in its own words. */
function wordsOf(rule) {
  const words = rule(Symbol('a probe')) ?? 'anything';
  return words.replace(/ \([^(]*Symbol\(.*$/, '');
}

/** A default: the real one where it is a plain value, else what is documented. */
function shown(value, doc) {
  if (value === Number.POSITIVE_INFINITY) return '`Infinity`';
  const plain = ['string', 'number', 'boolean'].includes(typeof value);
  if (plain || (doc?.usual === undefined && value !== undefined)) return `\`${JSON.stringify(value)}\``;
  const usual = doc?.usual ?? '–';
  return /^('[^']*'|-?[\d.]+|true|false|\[\]|\{.*\})$/.test(usual) ? `\`${usual.replaceAll("'", '"')}\`` : usual;
}

function table(rows) {
  const cell = (text) => text.replaceAll('|', '\\|');
  return [
    '| path | must be | default | when | what it does | package |',
    '|---|---|---|---|---|---|',
    ...rows.map(({ path, range, usual, when, text, owner }) => {
      return `| \`${path}\` | ${[range, usual, when, text, owner].map(cell).join(' | ')} |`;
    }),
  ];
}
