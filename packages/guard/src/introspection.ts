import {
  importDecryptionJwk,
  isNumericDate,
  enforce,
  Refused,
  type JsonObject,
  type Seconds,
  type SigningKey,
} from '@signet/protocol'
import { readIntrospection } from './introspection-answer.ts'
import { introspectionCall } from './introspection-call.ts'
import { noAnswer, refuseErrors } from './introspection-failure.ts'
import { introspectionRules } from './introspection.rules.ts'
import type { Issuer, Trouble } from './issuer.ts'
import { createRecent } from './recent.ts'
import type { TokenClaims } from './token-claims.ts'
import type { ClientCredential, World } from './world.ts'

/** The API as a client of the authorization server, with a key or else a certificate. @see RFC 7662 */
export interface IntrospectionOptions {
  readonly clientId: string
  /** The API authenticates with `private_key_jwt`. @see RFC 7523 */
  readonly key?: SigningKey | undefined
  /** The API authenticates with `tls_client_auth` or `self_signed_tls_client_auth`. @see RFC 8705 */
  readonly certificate?: ClientCredential | undefined
  /** For how long an answer may be used again; a token that is revoked meanwhile still works. None by default. */
  readonly seconds?: Seconds | undefined
  /** Whether answers have to be signed. @see RFC 9701 */
  readonly signed?: boolean | undefined
  /** Private JWKs: signed answers have to be encrypted to one of them. @see RFC 9701 §5 */
  readonly decryptionKeys?: readonly object[] | undefined
}

export interface IntrospectionSettings {
  readonly options: IntrospectionOptions
  readonly audience: string
  readonly clockTolerance: Seconds
  readonly remembered: number
  /** Whether tokens are known to be good but for what only the issuer knows. */
  readonly isVerified: boolean
  readonly onTrouble: (trouble: Trouble) => void
}

/** Asks an issuer what it knows of a token. */
export interface Introspection {
  /** @throws Refused with `invalid_token`, or with `temporarily_unavailable` when there is no good answer. */
  ask(token: string, digest: string, issuer: Issuer): Promise<TokenClaims>
}

export function createIntrospection(settings: IntrospectionSettings, world: World): Introspection {
  const { options, audience, clockTolerance, isVerified, onTrouble } = settings
  const agreed = {
    clientId: options.clientId,
    isSigned: options.signed === true,
    decryptionKeys: options.decryptionKeys?.map(importDecryptionJwk),
  }
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
    const call = await introspectionCall(token, { options, issuer, world })
    const { url } = call
    try {
      const answer = await world.http(call)
      refuseErrors(answer, { url, isVerified })
      return await readIntrospection(answer, { ...agreed, issuer, now: world.now() })
    } catch (error) {
      const refused = error instanceof Refused ? error : noAnswer(url, error)
      if (refused.refusal.error !== 'invalid_token') {
        const message = refused.evidence.received
        onTrouble({ issuer: issuer.identifier, what: 'introspection', message })
      }
      throw refused
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

function expiryOf(claims: TokenClaims): Seconds {
  return isNumericDate(claims['exp']) ? claims['exp'] : Number.POSITIVE_INFINITY
}
