import type { SigningKey } from '@signet/protocol'
import { createPublicKey } from 'node:crypto'
import * as client from 'openid-client'
import { cryptoKeyPairOf } from './client-key.ts'
import type { Nonces } from './nonces.ts'

/**
 * Lets `openid-client` prove with a key of ours. Nonces are shared by all sessions, so that a new one does not cost a
 * refused request on each leg.
 */
export function dpopHandle(
  configuration: client.Configuration,
  key: SigningKey,
  nonces: Nonces,
): client.DPoPHandle {
  const pair = cryptoKeyPairOf(key.privateKey, createPublicKey(key.privateKey))
  return client.getDPoPHandle(configuration, pair, {
    [client.modifyAssertion]: (_header, payload) => {
      const { htu } = payload
      const nonce = typeof htu === 'string' ? nonces.get(htu) : undefined
      if (nonce !== undefined) payload['nonce'] = nonce
    },
  })
}
