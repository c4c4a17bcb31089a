/**
 * One live setting in a class. `@Setting` decorates a getter, whose body is the default; `setting()` fills a field with
 * a live value. Both find the configuration through the container that built the object; in an object made by plain
 * `new` they answer the default, so that a unit test needs neither.
 */
import { currentResolver, type Live, liveValue, noteFollower, ownerOf, standInFor } from '@fwk/kernel';
import { ConfigError } from '../errors.js';
import { parsePath } from '../tree/path.js';
import { configToken } from './config.js';
import { fittedTo, type SettingPlace } from './configured.js';

/** What {@link Setting} decorates: a getter, under standard (TC39) and under legacy decorators. */
export interface SettingDecorator {
  <This extends object, V>(get: (this: This) => V, context: ClassGetterDecoratorContext<This, V>): (this: This) => V;
  <V>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<V>): TypedPropertyDescriptor<V>;
}

type Getter<V> = (this: object) => V;

/**
 * Makes a getter answer the setting at `path` as it is now. Where the setting is missing, or of another kind than the
 * default, the getter's own body answers; the second is logged once.
 * @throws ConfigError `FWK_CONFIG_DECORATOR_MISPLACED` on anything but a getter, `FWK_CONFIG_PATH_INVALID`.
 * @example `@Setting('checkout.maxItems') get maxItems() { return 20; }`
 */
export function Setting(path: string): SettingDecorator {
  parsePath(path);
  function decorate<V>(
    target: object | Getter<V>,
    place: string | symbol | ClassGetterDecoratorContext,
    descriptor?: TypedPropertyDescriptor<V>,
  ): unknown {
    if (typeof place === 'object') {
      if (place.kind !== 'getter') throw misplaced(path, place.name);
      return liveGetter(path, place.name, target as Getter<V>);
    }
    if (!descriptor?.get) throw misplaced(path, place);
    return { ...descriptor, get: liveGetter(path, place, descriptor.get as Getter<V>) };
  }
  return decorate as SettingDecorator;
}

/**
 * A live setting for a field of a class that a container builds: `readonly limit = setting('checkout.limit', 20)`.
 * Missing or of another kind, it is the default. Outside a container it always is.
 * @throws ConfigError `FWK_CONFIG_PATH_INVALID`.
 */
export function setting<T>(path: string, fallback: T): Live<T> {
  parsePath(path);
  const resolver = currentResolver();
  const config = resolver?.find(configToken);
  if (!resolver || !config) return liveValue(fallback, { name: path });
  const at: SettingPlace = { config, path, resolver };
  const live = config.get(path);
  noteFollower(live, { kind: 'listener', name: `setting("${path}")` });
  return live.map((value) => {
    const fitted = fittedTo(fallback, value, `setting("${path}")`, at);
    return fitted ? (fitted.value as T) : fallback;
  });
}

/** What is kept for each object; the live value's version says when it must be looked at again. */
interface Reading<V> {
  readonly live: Live<unknown>;
  readonly at: SettingPlace;
  version: number;
  /** Undefined while the default answers. */
  configured: { readonly value: V } | undefined;
}

function liveGetter<V>(path: string, name: string | symbol, fallback: Getter<V>): Getter<V> {
  const readings = new WeakMap<object, Reading<V>>();
  return standInFor(fallback, function read(this: object): V {
    const reading = readings.get(this) ?? start<V>(this, path, name);
    if (!reading) return fallback.call(this);
    if (reading.version !== reading.live.version) {
      readings.set(this, reading);
      reading.version = reading.live.version;
      const value = reading.live.value;
      const usual = fallback.call(this);
      const who = `${this.constructor.name}.${String(name)}`;
      reading.configured = fittedTo(usual, value, who, reading.at) as { value: V } | undefined;
    }
    return reading.configured ? reading.configured.value : fallback.call(this);
  });
}

/** Nothing while the object has no owner, which in its own constructor it has not yet. */
function start<V>(self: object, path: string, name: string | symbol): Reading<V> | undefined {
  const resolver = ownerOf(self) ?? currentResolver();
  const config = resolver?.find(configToken);
  if (!resolver || !config) return undefined;
  const live = config.get(path);
  noteFollower(live, { kind: 'listener', name: `${self.constructor.name}.${String(name)}` });
  return { live, at: { config, path, resolver }, version: -1, configured: undefined };
}

function misplaced(path: string, name: string | symbol): ConfigError {
  return new ConfigError(
    'FWK_CONFIG_DECORATOR_MISPLACED',
    `@Setting("${path}") stands on "${String(name)}", which is no getter; write get ${String(name)}() { return <default>; }`,
  );
}
