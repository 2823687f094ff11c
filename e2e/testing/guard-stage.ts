import type { GuardOptions } from '@signet/guard'
import { createNonces, type ErrorCode, type NonceOptions } from '@signet/protocol'
import { openSqliteReplay } from '@signet/store/sqlite'
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import type { OutgoingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setDefaultCACertificates } from 'node:tls'
import { AUTHORITY } from './authority.ts'
import { ForeignClient, nonceOf, type ProofParts } from './foreign-client.ts'
import {
  JWT_RESOURCE,
  serveForeignIssuer,
  type ForeignIssuer,
  type UnsignedToken,
} from './foreign-issuer.ts'
import { serveGuarded, type Adapter, type GuardedApi } from './guarded-api.ts'
import { ask, type Asking } from './https.ts'

const NONCES: NonceOptions = { key: Buffer.alloc(32, 7) }
const METADATA = `${JWT_RESOURCE}/.well-known/oauth-protected-resource`

/** An API behind the guard, with a client and an issuer that are not ours, and what is needed to make requests by hand. */
export interface GuardStage extends AsyncDisposable {
  readonly foreign: ForeignIssuer
  readonly app: ForeignClient
  readonly api: GuardedApi
  /** Good, and for scope `accounts`. */
  readonly token: string
  readonly nonce: string
  /** A proof that holds for the token and a GET of `/accounts`, changed. */
  readonly proof: (claims?: object, parts?: ProofParts) => string
  /** The same for another token. */
  readonly proofFor: (token: string) => string
  /** A token of the issuer, for the API; changed, if so, by the issuer itself. */
  readonly issued: (change?: (token: UnsignedToken) => void) => Promise<string>
}

/** Opens one, with used proofs in a file of SQLite. */
export async function openGuardStage(
  adapter: Adapter,
  change: Partial<GuardOptions> | ((foreign: ForeignIssuer) => Partial<GuardOptions>) = {},
): Promise<GuardStage> {
  const folder = mkdtempSync(join(tmpdir(), 'signet-e2e-'))
  const foreign = await serveForeignIssuer()
  setDefaultCACertificates([AUTHORITY, foreign.authority])
  const app = await ForeignClient.discover(foreign)
  const replay = openSqliteReplay(join(folder, 'proofs.db'), { resource: JWT_RESOURCE })
  const changes = typeof change === 'function' ? change(foreign) : change
  const api = await serveGuarded(adapter, {
    issuer: foreign.issuer,
    resource: JWT_RESOURCE,
    ca: foreign.authority,
    nonces: NONCES,
    replay,
    ...changes,
  })
  const issued: GuardStage['issued'] = async (spoil) => {
    foreign.spoil = spoil
    return (await app.credentials(JWT_RESOURCE, 'accounts')).access_token
  }
  const token = await issued()
  const nonce = changes.nonces === 'off' ? '' : await nonceOf(api)
  const htu = `${api.origin}/accounts`
  return {
    foreign,
    app,
    api,
    token,
    nonce,
    proof: (claims = {}, parts = {}) => app.proof(token, { htu, nonce, ...claims }, parts),
    proofFor: (other) => app.proof(other, { htu, nonce }),
    issued,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([api.close(), foreign.close()])
      replay.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** How a request is refused: what the client sees, and what the operator is told. */
export type Refusal = readonly [status: number, error: ErrorCode | undefined, reason: string]

/** A request that would be good, but for one thing. */
export interface Manipulated {
  /** `/accounts` if it is no other. */
  readonly path?: string
  readonly request: (stage: GuardStage) => Asking | Promise<Asking>
  readonly refused: Refusal
}

export const PROOF = (reason: string): Refusal => [401, 'invalid_dpop_proof', reason]
export const TOKEN = (reason: string): Refusal => [401, 'invalid_token', reason]
export const BAD = (reason: string): Refusal => [400, 'invalid_request', reason]

/** A request with a token and, as far as there is one, a proof. */
export function sent(token: string, dpop?: OutgoingHttpHeaders[string], scheme = 'DPoP'): Asking {
  return {
    headers: { authorization: `${scheme} ${token}`, ...(dpop !== undefined && { dpop }) },
  }
}

/** Sends it, and looks at all a refusal has to be: status, challenge, nonce, reason, and nothing of the API. */
export async function assertRefused(
  stage: GuardStage,
  { path = '/accounts', request, refused: [status, error, reason] }: Manipulated,
): Promise<void> {
  const { api } = stage
  const answer = await ask(api.origin + path, await request(stage))
  assert.equal(answer.status, status, answer.body)
  const challenge = answer.headers['www-authenticate'] ?? ''
  assert.match(challenge, /^DPoP algs="PS256 ES256 EdDSA Ed25519"/)
  assert.equal(errorIn(challenge), error)
  assert.ok(challenge.includes(`resource_metadata="${METADATA}"`), challenge)
  const { 'dpop-nonce': nonce } = answer.headers
  assert.ok(createNonces(NONCES).accepts(String(nonce), Date.now() / 1000), String(nonce))
  assert.equal(answer.headers['cache-control'], 'no-store')
  assert.doesNotMatch(answer.body, /scopes/)
  assert.equal(api.events.at(-1)?.reason, reason)
}

/** The error a challenge names. */
export function errorIn(challenge: string | undefined): string | undefined {
  return / error="([^"]*)"/.exec(challenge ?? '')?.[1]
}
