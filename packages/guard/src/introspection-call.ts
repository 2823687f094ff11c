import { createClientAssertion } from '@signet/protocol'
import type { IntrospectionOptions } from './introspection.ts'
import type { Issuer } from './issuer.ts'
import type { HttpCall, World } from './world.ts'

/** @see RFC 9701 §4 */
export const SIGNED_ANSWER = 'application/token-introspection+jwt'

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

interface Asking {
  readonly options: IntrospectionOptions
  readonly issuer: Issuer
  readonly world: World
}

/**
 * How an issuer is asked about a token, by an API that proves who it is: by an assertion, or by its certificate.
 *
 * @throws Refused with `temporarily_unavailable` when nobody knows where to ask.
 * @see RFC 7662 §2.1, RFC 7523 §2.2, RFC 8705 §2 and §5
 */
export async function introspectionCall(token: string, asking: Asking): Promise<HttpCall> {
  const { clientId, certificate, signed } = asking.options
  const form = new URLSearchParams({
    token,
    token_type_hint: 'access_token',
    client_id: clientId,
    ...assertion(asking),
  })
  return {
    url: await asking.issuer.endpoint('introspection_endpoint', certificate !== undefined),
    accept: signed === true ? SIGNED_ANSWER : 'application/json',
    form: form.toString(),
    certificate,
  }
}

function assertion({ options, issuer, world }: Asking): Readonly<Record<string, string>> {
  const { key, clientId } = options
  if (key === undefined) return {}
  const made = { key, clientId, issuer: issuer.identifier, now: world.now(), jti: world.uuid() }
  return {
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: createClientAssertion(made),
  }
}
