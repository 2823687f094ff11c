import {
  createClientAssertion,
  decodeOrRefuse,
  enforce,
  isNumericDate,
  Refused,
  refusal,
  signedIntrospectionRules,
  type JsonObject,
  type Seconds,
  type SigningKey,
  type UnreadableJwt,
} from '@signet/protocol'
import { introspectionRules } from './introspection.rules.ts'
import { isSignedBy } from './issuer-signature.ts'
import type { Issuer, Trouble } from './issuer.ts'
import { parsedJson } from './parsed-json.ts'
import { createRecent } from './recent.ts'
import type { TokenClaims } from './token-claims.ts'
import type { HttpAnswer, World } from './world.ts'

/** The API as a client of the authorization server. @see RFC 7662, RFC 7523 */
export interface IntrospectionOptions {
  readonly clientId: string
  /** The key of the API: it authenticates with `private_key_jwt`. */
  readonly key: SigningKey
  /** For how long an answer may be used again; a token that is revoked meanwhile still works. None by default. */
  readonly seconds?: Seconds | undefined
  /** Whether answers have to be signed. @see RFC 9701 */
  readonly signed?: boolean | undefined
}

export interface IntrospectionSettings {
  readonly options: IntrospectionOptions
  readonly audience: string
  readonly clockTolerance: Seconds
  readonly remembered: number
  readonly onTrouble: (trouble: Trouble) => void
}

/** Asks an issuer what it knows of a token. */
export interface Introspection {
  /** @throws Refused with `invalid_token`, or with `temporarily_unavailable` when there is no good answer. */
  ask(token: string, digest: string, issuer: Issuer): Promise<TokenClaims>
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const SIGNED = 'application/token-introspection+jwt'

const unreadable: UnreadableJwt = {
  id: 'MS-INT-03',
  reason: 'introspection_malformed',
  otherwise: refusal('temporarily_unavailable', 'access tokens cannot be verified now'),
  remedy: 'Have the issuer sign introspection responses as RFC 9701 says.',
}

export function createIntrospection(settings: IntrospectionSettings, world: World): Introspection {
  const { options, audience, clockTolerance, onTrouble } = settings
  const recent = createRecent<{ readonly claims: TokenClaims; readonly until: Seconds }>(
    settings.remembered,
  )

  const askNow = async (token: string, issuer: Issuer): Promise<TokenClaims> => {
    const response = await fetchResponse(token, issuer)
    enforce(introspectionRules, {
      response,
      issuer: issuer.identifier,
      audience,
      now: world.now(),
      clockTolerance,
    })
    return response
  }
  const fetchResponse = async (token: string, issuer: Issuer): Promise<JsonObject> => {
    const url = await issuer.endpoint('introspection_endpoint')
    const form = formFor(token, { options, issuer, world })
    const accept = options.signed === true ? SIGNED : 'application/json'
    try {
      const answer = await world.http({ url, accept, form })
      return options.signed === true
        ? await readSigned(answer, { options, issuer, world })
        : readPlain(answer)
    } catch (error) {
      const message = error instanceof Error ? error.message : 'unknown'
      onTrouble({ issuer: issuer.identifier, what: 'introspection', message })
      throw error instanceof Refused ? error : noAnswer(url, error)
    }
  }
  return {
    async ask(token, digest, issuer) {
      const known = recent.find(digest, world.now())
      if (known !== undefined) return known.claims
      const asked = world.now()
      const claims = await askNow(token, issuer)
      const until = Math.min(asked + (options.seconds ?? 0), expiryOf(claims))
      if (until > asked) recent.remember(digest, { claims, until })
      return claims
    },
  }
}

interface Asking {
  readonly options: IntrospectionOptions
  readonly issuer: Issuer
  readonly world: World
}

function formFor(token: string, { options, issuer, world }: Asking): string {
  const assertion = createClientAssertion({
    key: options.key,
    clientId: options.clientId,
    issuer: issuer.identifier,
    now: world.now(),
    jti: world.uuid(),
  })
  const form = new URLSearchParams({
    token,
    token_type_hint: 'access_token',
    client_id: options.clientId,
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: assertion,
  })
  return form.toString()
}

function readPlain({ status, mediaType, body }: HttpAnswer): JsonObject {
  const response = status === 200 && mediaType === 'application/json' ? parsedJson(body) : undefined
  if (response === undefined) throw new Error(`status ${status} with ${mediaType || 'no type'}`)
  return response
}

/** Plain JSON is no substitute for a signed answer. */
async function readSigned(
  { status, mediaType, body }: HttpAnswer,
  { options, issuer, world }: Asking,
): Promise<JsonObject> {
  if (status !== 200 || mediaType !== SIGNED) {
    throw new Error(`status ${status} with ${mediaType || 'no type'} instead of ${SIGNED}`)
  }
  const jwt = decodeOrRefuse(body.toString('utf8'), { ...unreadable, maxLength: body.length })
  const { claims } = enforce(signedIntrospectionRules, {
    header: jwt.header,
    claims: jwt.claims,
    issuer: issuer.identifier,
    clientId: options.clientId,
    now: world.now(),
  })
  if (!(await isSignedBy(issuer, jwt))) throw new Error('the response is not signed by the issuer')
  return claims.token_introspection
}

function expiryOf(claims: TokenClaims): Seconds {
  return isNumericDate(claims['exp']) ? claims['exp'] : Number.POSITIVE_INFINITY
}

function noAnswer(url: string, cause: unknown): Refused {
  return new Refused(
    refusal('temporarily_unavailable', 'access tokens cannot be verified now'),
    {
      id: 'SP-RS-03',
      reason: 'introspection_unavailable',
      expected: `an introspection response from ${url}`,
      received: cause instanceof Error ? cause.message : 'no answer',
      remedy:
        'See that the issuer is up, knows the key of this API, and lets it introspect tokens.',
    },
    cause,
  )
}
