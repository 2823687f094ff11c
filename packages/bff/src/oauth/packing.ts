import { encryptJwt } from '@signet/protocol'
import * as client from 'openid-client'
import type { RequestObjectEncryption } from '../config/options.ts'
import type { ClientKey } from './client-key.ts'
import type { IssuerKeys } from './issuer-keys.ts'

/** How the parameters of an authorization request travel to the authorization server. */
export type Packing = (
  configuration: client.Configuration,
  parameters: Readonly<Record<string, string>>,
) => Promise<URLSearchParams>

export const packPlain: Packing = async (_configuration, parameters) =>
  new URLSearchParams(parameters)

/**
 * All of them in one signed request object, and nothing beside it.
 *
 * @see RFC 9101 §4, FAPI 2.0 Message Signing §5.3.2
 */
export function packSigned(signing: ClientKey | undefined): Packing {
  if (signing === undefined) throw new TypeError('the options were not checked')
  const { key, kid, alg } = signing
  return async (configuration, parameters) => {
    const url = await client.buildAuthorizationUrlWithJAR(
      configuration,
      { ...parameters },
      kid === undefined ? key : { key, kid },
      {
        [client.modifyAssertion]: (header) => {
          header['alg'] = alg
        },
      },
    )
    return url.searchParams
  }
}

/** The request object, which is signed before, encrypted to a key of the authorization server. @see RFC 9101 §6.1 */
export function packEncrypted(
  pack: Packing,
  { alg, enc }: RequestObjectEncryption,
  issuerKeys: IssuerKeys,
): Packing {
  return async (configuration, parameters) => {
    const packed = await pack(configuration, parameters)
    const keys = await issuerKeys.toEncrypt(alg)
    packed.set('request', await encryptJwt(packed.get('request') ?? '', { alg, enc, keys }))
    return packed
  }
}
