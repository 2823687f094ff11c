import { createProof, type SigningKey } from '@signet/protocol'
import type { Buffer } from 'node:buffer'
import type { Configuration, DPoPHandle } from 'openid-client'
import type { Clock, SenderConstraint } from '../config/options.ts'
import type { OwnCertificate } from './client-certificate.ts'
import type { Nonces } from './nonces.ts'
import { dpopHandle } from './proof-key.ts'

/** What access tokens are bound to, and how a request shows that they are ours. @see FAPI 2.0 Security Profile §5.3.3.1-1 */
export interface Constraint {
  /** The `token_type` of tokens that are bound so, in lower case. */
  readonly tokenType: string
  /** Whether an API that gets a token has to see the certificate of the client. */
  readonly certified: boolean
  /** Names what tokens are bound to. One that is bound to something else has no use any more. */
  boundTo(key: SigningKey): string
  /** What makes the authorization server bind a token. */
  asking(configuration: Configuration, key: SigningKey): Asking
  /** The headers that carry a token to an API. */
  carrying(token: CarriedToken): Readonly<Record<string, string>>
}

/** For `openid-client`. */
export interface Asking {
  readonly DPoP?: DPoPHandle
}

export interface CarriedToken {
  readonly accessToken: string
  readonly key: SigningKey
  readonly method: string
  readonly url: URL
}

export interface ConstraintOptions {
  readonly certificate: OwnCertificate | undefined
  /** Of the authorization server. */
  readonly nonces: Nonces
  readonly resourceNonces: Nonces
  readonly clock: Clock
  readonly random: (bytes: number) => Buffer
}

export const CONSTRAINTS: Readonly<
  Record<SenderConstraint, (options: ConstraintOptions) => Constraint>
> = { dpop: byProof, mtls: byCertificate }

/** @see RFC 9449 §7.1 */
function byProof({ nonces, resourceNonces, clock, random }: ConstraintOptions): Constraint {
  return {
    tokenType: 'dpop',
    certified: false,
    boundTo: ({ kid }) => kid,
    asking: (configuration, key) => ({ DPoP: dpopHandle(configuration, key, nonces) }),
    carrying: ({ accessToken, key, method, url }) => {
      const proof = createProof({
        key,
        method,
        url: url.href,
        now: clock.now(),
        jti: random(16).toString('base64url'),
        accessToken,
        nonce: resourceNonces.get(url),
      })
      return { authorization: `DPoP ${accessToken}`, dpop: proof }
    },
  }
}

/** The connection is the proof, both where a token is given and where it is used. @see RFC 8705 §3 */
function byCertificate({ certificate }: ConstraintOptions): Constraint {
  return {
    tokenType: 'bearer',
    certified: true,
    boundTo: () => certificate?.thumbprint ?? '',
    asking: () => ({}),
    carrying: ({ accessToken }) => ({ authorization: `Bearer ${accessToken}` }),
  }
}
