import { Refused, refusal, type Algorithm } from '@signet/protocol'
import type { Trouble } from './issuer.ts'
import { createKeySet, usableKeys, type KeySet } from './key-set.ts'
import type { ClientKeyOptions, ClientKeys } from './options.ts'
import type { World } from './world.ts'

export interface ClientKeySettings {
  readonly algorithms: readonly Algorithm[]
  readonly onTrouble: (trouble: Trouble) => void
}

/**
 * Who finds the keys a client signs its requests with, and those of no other client.
 *
 * @returns a function that throws Refused with `temporarily_unavailable` when nobody could tell.
 * @see FAPI 2.0 HTTP Signatures §5.3.1.2
 */
export function createClientKeys(
  option: ClientKeyOptions,
  settings: ClientKeySettings,
  world: World,
): ClientKeys {
  const find = typeof option === 'function' ? option : fromKeySets(option, settings, world)
  return async (clientId, keyid) => {
    try {
      return usableKeys(await find(clientId, keyid), settings.algorithms)
    } catch (error) {
      if (error instanceof Refused) throw error
      throw keysUnavailable(clientId, error instanceof Error ? error.name : 'no answer', error)
    }
  }
}

function fromKeySets(
  clients: Exclude<ClientKeyOptions, ClientKeys>,
  { algorithms, onTrouble }: ClientKeySettings,
  world: World,
): ClientKeys {
  const sets = new Map(
    Object.entries(clients).map(([clientId, { jwks, jwksUri = '' }]): [string, KeySet] => {
      const onFailure = (message: string): void =>
        onTrouble({ issuer: clientId, what: 'client_keys', message })
      return [clientId, createKeySet({ jwks, url: () => jwksUri, algorithms, onFailure }, world)]
    }),
  )
  return async (clientId, keyid) => {
    const set = sets.get(clientId)
    if (set === undefined) return []
    const keys = await (keyid === undefined ? set.load() : set.loadFor(keyid))
    if (keys === undefined) throw keysUnavailable(clientId, set.failure ?? 'no answer')
    return keys
  }
}

function keysUnavailable(clientId: string, received: string, cause?: unknown): Refused {
  return new Refused(
    refusal('temporarily_unavailable', 'signatures of requests cannot be verified now'),
    {
      id: 'HS-RS-01',
      reason: 'client_keys_unavailable',
      expected: `the keys of client ${clientId}`,
      received,
      remedy: 'See that the option clientKeys can tell the keys of this client.',
    },
    cause,
  )
}
