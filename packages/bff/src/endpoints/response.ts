import { verifyAuthorizationResponse } from '../authorization-response/verify.ts'
import { single, type Call } from '../http/call.ts'
import { LoginFailed } from './login-failed.ts'

/** What an authorization response may say to us. */
const PARAMETERS = ['iss', 'state', 'code', 'error', 'error_description'] as const

/**
 * What the authorization server says in an authorization response, once it is known to come from there.
 *
 * @throws LoginFailed, Refused, AuthorityFailure
 */
export async function readResponse(call: Call): Promise<URLSearchParams> {
  return call.core.settings.signedResponse ? readSigned(call) : readPlain(call)
}

/** The issuer comes before everything else. @see RFC 9207 §2.4 */
function readPlain({ core, query }: Call): URLSearchParams {
  for (const name of PARAMETERS) {
    if (query.getAll(name).length > 1) throw new LoginFailed('invalid_response', `two ${name}`)
  }
  if (single(query, 'iss') !== core.authority.issuer) {
    throw new LoginFailed('wrong_issuer', 'the response does not come from our server')
  }
  return query
}

/** Whatever stands beside the signed response is not the word of the server. @see JARM §2.3.1 */
async function readSigned({ core, query }: Call): Promise<URLSearchParams> {
  const response = single(query, 'response')
  if (response === undefined) {
    throw new LoginFailed('invalid_response', 'there is not one signed response')
  }
  const claims = await verifyAuthorizationResponse(response, {
    issuer: core.authority.issuer,
    clientId: core.clientId,
    keys: core.issuerKeys,
    decryption: core.decryption,
    now: core.clock.now(),
  })
  return new URLSearchParams(
    PARAMETERS.flatMap((name) => {
      const value = claims[name]
      return typeof value === 'string' ? [[name, value]] : []
    }),
  )
}
