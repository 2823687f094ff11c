import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { certificateThumbprint, type NonceOptions } from '@signet/protocol'
import { forge } from '@signet/protocol/testing'
import { issue } from '@signet/protocol/testing/certificates'
import type { GuardRequest } from '../request.ts'
import { API, type Stage } from './stage.ts'
import type { RequestChange } from './test-issuer.ts'

/** What a client shows, and the claims of a token that is bound to it. */
export const CERTIFICATE: Uint8Array = (await issue()).der
export const CERTIFIED: { readonly cnf: { readonly 'x5t#S256': string } } = {
  cnf: { 'x5t#S256': certificateThumbprint(CERTIFICATE) },
}
export const NONCES: { readonly nonces: NonceOptions } = { nonces: { key: Buffer.alloc(32, 1) } }

/** A request whose token is changed, and signed all the same. */
export const withToken =
  (
    claims: Readonly<Record<string, unknown>>,
    change: RequestChange = {},
  ): ((stage: Stage) => GuardRequest) =>
  ({ issuer }: Stage): GuardRequest =>
    issuer.request({ token: issuer.token(claims), ...change })

/** A request whose proof says something else, and is signed all the same. */
export const withProof =
  (change: {
    readonly header?: object
    readonly claims?: object
  }): ((stage: Stage) => GuardRequest) =>
  ({ issuer, clock }: Stage): GuardRequest => {
    const request = issuer.request({ proof: 'none' })
    const accessToken = (request.headers[1] ?? '').slice(5)
    const { kid: _kid, use: _use, alg: _alg, ...jwk } = issuer.clientKey.publicJwk
    const header = { typ: 'dpop+jwt', alg: 'ES256', jwk, ...change.header }
    const ath = createHash('sha256').update(accessToken).digest('base64url')
    const claims = { jti: 'x', htm: 'GET', htu: `${API}/accounts`, iat: clock.now, ath }
    const proof = forge(header, { ...claims, ...change.claims }, issuer.clientKey)
    return { ...request, headers: [...request.headers, 'DPoP', proof] }
  }
