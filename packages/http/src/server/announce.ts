import { type ComponentContext, OptionsError } from '@fwk/kernel';
import { type AdvertisedPlace, type AdvertiseOptions, advertisedPlace } from './advertise.js';

/** Where a server listens, and what it says of itself. */
export interface Listening {
  readonly host: string;
  readonly port: number;
  readonly contracts: readonly string[];
  /** `https` where it speaks TLS. */
  readonly scheme: 'https' | undefined;
  /** Undefined for HTTP alone. */
  readonly wires?: readonly string[] | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/**
 * Tells the others where to reach a server; answers what they were told, undefined where they cannot reach it.
 * @param owner - the component, for messages.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` where another server of the application announces the same place.
 */
export async function announce(
  context: ComponentContext,
  owner: string,
  advertised: AdvertiseOptions,
  { host, port, contracts, scheme: spoken, wires: served, metadata }: Listening,
): Promise<AdvertisedPlace | undefined> {
  const scheme = advertised.scheme ?? spoken;
  const place = await advertisedPlace(advertised, { host, port });
  if (!place) {
    const missing = 'others cannot reach a link-local address, so nothing is announced; set advertise.host';
    context.env.logger.warn({ host }, missing);
    return undefined;
  }
  const taken = context.announcements.some((other) => other.address === place.host && other.port === place.port);
  if (taken) {
    throw new OptionsError(owner, [
      `another server of this application announces ${place.host} port ${place.port} already; give each one its own advertise.port`,
    ]);
  }
  // What a proxy that speaks TLS for the server passes on is not known.
  const wires = served && advertised.scheme === undefined ? served : undefined;
  context.announce({
    address: place.host,
    port: place.port,
    contracts,
    ...(scheme && { scheme }),
    ...(wires && { wires }),
    ...(metadata && { metadata }),
  });
  return place;
}
