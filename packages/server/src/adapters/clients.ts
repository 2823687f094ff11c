import {
  clientFromMetadata,
  InvalidClient,
  type Client,
  type ClientRecord,
  type Clients,
  type Clock,
  type Seconds,
  type Service,
  type Store,
} from '@signet/engine'
import { isDeepStrictEqual } from 'node:util'
import { registeredKeys, type ClientKeys } from './client-keys.ts'
import { remoteKeys, type RemoteKeysPorts } from './remote-keys.ts'

/** What the registry needs of the outside world. */
export interface ClientRegistryPorts extends RemoteKeysPorts {
  readonly service: Service
  readonly store: Pick<Store, 'clients'>
  readonly clock: Clock
  /** Told of a client that is kept but does not respect the profile, and so is none. */
  readonly unusable: (clientId: string, error: InvalidClient) => void
}

/** Another process may change or disable a client; for so long this one may not know. */
const BELIEVED: Seconds = 5
/** So many clients are held ready at once; the one asked for longest ago goes first. */
const MOST_CLIENTS = 10_000

interface Entry {
  readonly record: ClientRecord
  readonly client: Client
  readonly keys: ClientKeys
  readonly believedUntil: Seconds
}

/** The registered clients, parsed once and with their keys imported, as long as their record stays the same. */
export function createClients(ports: ClientRegistryPorts): Clients {
  const { store, clock } = ports
  const entries = new Map<string, Entry>()
  const keysOf = new WeakMap<Client, ClientKeys>()

  const load = async (clientId: string): Promise<Entry | undefined> => {
    const record = await store.clients.get(clientId)
    // Of requests that came at once the first has been here: keys are fetched for all of them.
    const known = entries.get(clientId)
    entries.delete(clientId)
    if (record === undefined || record.disabled) return undefined
    const entry = readEntry(record, known, ports)
    if (entry === undefined) return undefined
    entries.set(clientId, entry)
    keysOf.set(entry.client, entry.keys)
    if (entries.size > MOST_CLIENTS) entries.delete(entries.keys().next().value ?? '')
    return entry
  }

  return {
    find: async (clientId) => {
      const known = entries.get(clientId)
      if (known !== undefined && clock.now() < known.believedUntil) return known.client
      return (await load(clientId))?.client
    },
    keys: async (client, wanted) => {
      const keys = keysOf.get(client)
      return keys === undefined ? [] : keys.find(wanted)
    },
    encryptionKeys: async (client, alg) => keysOf.get(client)?.encryption(alg) ?? [],
  }
}

function readEntry(
  record: ClientRecord,
  known: Entry | undefined,
  ports: ClientRegistryPorts,
): Entry | undefined {
  const believedUntil = ports.clock.now() + BELIEVED
  if (known !== undefined && isDeepStrictEqual(record.metadata, known.record.metadata)) {
    return { ...known, record, believedUntil }
  }
  const client = readClient(record, ports)
  if (client === undefined) return undefined
  return { record, client, keys: keysFor(client, known, ports), believedUntil }
}

function readClient(
  { clientId, metadata }: ClientRecord,
  { service, unusable }: ClientRegistryPorts,
): Client | undefined {
  try {
    return clientFromMetadata(metadata, service)
  } catch (error) {
    if (!(error instanceof InvalidClient)) throw error
    unusable(clientId, error)
    return undefined
  }
}

/** A client whose name changed keeps what was fetched for it. */
function keysFor({ keys }: Client, known: Entry | undefined, ports: RemoteKeysPorts): ClientKeys {
  if ('jwks' in keys) return registeredKeys(keys.jwks)
  const before = known?.client.keys
  const same = before !== undefined && 'jwksUri' in before && before.jwksUri === keys.jwksUri
  return same && known !== undefined ? known.keys : remoteKeys(keys.jwksUri, ports)
}
