import * as client from 'openid-client'
import type { ClientAuthentication } from '../config/options.ts'
import type { ClientKey } from './client-key.ts'

/** With a certificate the connection says who calls; which of the two ways it is, only the registration knows. */
const METHODS: Readonly<
  Record<ClientAuthentication, (key: ClientKey | undefined) => client.ClientAuth>
> = {
  private_key_jwt: byAssertion,
  tls_client_auth: () => client.TlsClientAuth(),
  self_signed_tls_client_auth: () => client.TlsClientAuth(),
}

export function clientAuthentication(
  method: ClientAuthentication,
  key: ClientKey | undefined,
): client.ClientAuth {
  return METHODS[method](key)
}

/** @see RFC 7523 §2.2 */
function byAssertion(key: ClientKey | undefined): client.ClientAuth {
  if (key === undefined) throw new TypeError('the options were not checked')
  return client.PrivateKeyJwt(key.kid === undefined ? key.key : { key: key.key, kid: key.kid }, {
    [client.modifyAssertion]: (header) => {
      // Ed25519 has two names, and a server may know only the one that was registered.
      header['alg'] = key.alg
    },
  })
}
