import { Buffer } from 'node:buffer'
import { createAccessToken } from '../access-token/create.ts'
import { verifyAccessToken } from '../access-token/verify.ts'
import { createAuthorizationResponse } from '../authorization-response/create.ts'
import { createClientAssertion } from '../client-assertion/create.ts'
import { verifyClientAssertion } from '../client-assertion/verify.ts'
import { createProof } from '../dpop/create-proof.ts'
import { verifyProof } from '../dpop/verify-proof.ts'
import { createIdToken } from '../id-token/create.ts'
import { verifyIdTokenHint } from '../id-token/verify-hint.ts'
import { createIntrospectionResponse } from '../introspection-response/create.ts'
import { signedIntrospectionRules } from '../introspection-response/introspection-response.rules.ts'
import { decodeJwt } from '../jose/decode.ts'
import { verificationKeyOf } from '../jose/describe-signing-key.ts'
import { signJwt } from '../jose/sign.ts'
import type { SigningKey } from '../jose/signing-key.ts'
import { verifySignature } from '../jose/verify.ts'
import { createLogoutToken } from '../logout-token/create.ts'
import { verifyRequestObject } from '../request-object/verify.ts'
import { enforce } from '../rules/rule.ts'
import { createStatusList } from '../status-list/create.ts'
import type { Seconds } from '../time.ts'
import { createRequestObject } from './create-request-object.ts'

/** Every kind of JWT that the product makes or takes. */
export type Kind =
  | 'client assertion'
  | 'DPoP proof'
  | 'request object'
  | 'access token'
  | 'ID token'
  | 'logout token'
  | 'authorization response'
  | 'introspection response'
  | 'userinfo response'
  | 'status list'

/** Where everybody signs with one key, and user and client have one name: nothing but its kind tells a JWT apart. */
export interface SmallWorld {
  readonly key: SigningKey
  readonly issuer: string
  /** The client, the API and the user. */
  readonly who: string
  readonly now: Seconds
}

/** The smallest list there can be. */
const STATUSES = { statuses: Buffer.alloc(1), ttl: 5, deflate: (bytes: Buffer): Buffer => bytes }

/** One good JWT of each kind. */
export function oneOfEachKind({ key, issuer, who, now }: SmallWorld): ReadonlyMap<Kind, string> {
  const login = { iss: issuer, sub: who, aud: who, iat: now, exp: now + 60 }
  const signer = { key, clientId: who, issuer, now }
  return new Map<Kind, string>([
    ['client assertion', createClientAssertion({ ...signer, jti: 'x' })],
    ['DPoP proof', createProof({ key, method: 'POST', url: `${issuer}/token`, now, jti: 'x' })],
    [
      'request object',
      createRequestObject(signer, { response_type: 'code', nonce: 'n', jti: 'x' }),
    ],
    [
      'access token',
      createAccessToken({ ...login, aud: issuer, client_id: who, jti: 'x', scope: 'openid' }, key),
    ],
    ['ID token', createIdToken({ ...login, nonce: 'n', auth_time: now, sid: 's' }, key)],
    ['logout token', createLogoutToken({ ...login, jti: 'x', sid: 's' }, key)],
    [
      'authorization response',
      createAuthorizationResponse({ ...signer, parameters: [['code', 'c']] }),
    ],
    [
      'introspection response',
      createIntrospectionResponse({ ...signer, response: { active: true, ...login } }),
    ],
    // There is no function for it, because OpenID Connect gives it nothing of its own.
    ['userinfo response', signJwt({ typ: 'JWT' }, { iss: issuer, aud: who, sub: who }, key)],
    [
      'status list',
      createStatusList(
        { uri: `${issuer}/status-lists/1`, ...STATUSES, iat: now, exp: now + 60 },
        key,
      ),
    ],
  ])
}

/** Who takes a kind of JWT in this package: it answers with something true, or throws `Refused` or `MalformedJwt`. */
export function verifiersOfEachKind({
  key,
  issuer,
  who: clientId,
  now,
}: SmallWorld): ReadonlyMap<Kind, (token: string) => unknown> {
  const signer = verificationKeyOf(key)
  const server = { issuer, now, keys: [signer] }
  const client = { ...server, clientId }
  const proved = { method: 'POST', url: `${issuer}/token`, now, nonce: undefined }
  return new Map<Kind, (token: string) => unknown>([
    ['client assertion', (token) => verifyClientAssertion(decodeJwt(token), client)],
    ['DPoP proof', (token) => verifyProof([token], proved)],
    ['request object', (token) => verifyRequestObject(decodeJwt(token), client)],
    ['access token', (token) => verifyAccessToken(token, server)],
    ['ID token', (token) => verifyIdTokenHint(token, server)],
    [
      'introspection response',
      (token) => {
        const jwt = decodeJwt(token)
        const { header, claims } = jwt
        enforce(signedIntrospectionRules, { header, claims, issuer, clientId, now })
        return verifySignature(jwt, signer)
      },
    ],
  ])
}
