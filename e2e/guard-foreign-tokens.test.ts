import { decodeJwt } from '@signet/protocol'
import { forgeries } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { JWT_RESOURCE, OPAQUE_RESOURCE, type UnsignedToken } from './testing/foreign-issuer.ts'
import {
  assertRefused,
  BAD,
  errorIn,
  openGuardStage,
  PROOF,
  sent,
  TOKEN,
  type GuardStage,
  type Manipulated,
} from './testing/guard-stage.ts'
import { ask, json } from './testing/https.ts'

/** A token the issuer has signed, but would not have issued, with a good proof. */
const spoilt =
  (change: (token: UnsignedToken) => void): Manipulated['request'] =>
  async ({ issued, proofFor }) => {
    const token = await issued(change)
    return sent(token, proofFor(token))
  }
const claiming = (claims: object): Manipulated['request'] =>
  spoilt(({ payload }) => void Object.assign(payload, claims))
const now = (): number => Math.floor(Date.now() / 1_000)

/** With a token that is wrong or in the wrong place, and a proof that would be good. */
const manipulated: Readonly<Record<string, Manipulated>> = {
  'OAU-09 nothing': { request: () => ({}), refused: [401, undefined, 'token_missing'] },
  'OAU-09 a password': {
    request: () => ({ headers: { authorization: 'Basic YTpi' } }),
    refused: [401, undefined, 'token_missing'],
  },
  'SP-RS-02 the token in the query': {
    path: '/accounts?access_token=x',
    request: () => ({}),
    refused: BAD('token_in_parameter'),
  },
  'OAU-10 the token in the query too': {
    path: '/accounts?access_token=x',
    request: ({ token, proof }) => sent(token, proof()),
    refused: BAD('several_token_presentations'),
  },
  'OAU-10 two Authorization headers': {
    request: ({ token, proof }) => ({
      headers: { Authorization: [`DPoP ${token}`, `DPoP ${token}`], dpop: proof() },
    }),
    refused: BAD('several_token_presentations'),
  },
  'SP-RS-01 a scheme without a token': {
    request: ({ proof }) => ({ headers: { authorization: 'DPoP', dpop: proof() } }),
    refused: BAD('authorization_malformed'),
  },
  'SP-RS-01 two tokens': {
    request: ({ token, proof }) => sent(`${token} ${token}`, proof()),
    refused: BAD('authorization_malformed'),
  },
  'DPOP-RS-02 the token as Bearer': {
    request: ({ token }) => sent(token, undefined, 'Bearer'),
    refused: TOKEN('bound_token_as_bearer'),
  },
  'DPOP-RS-02 the token as Bearer, with a good proof': {
    request: ({ token, proof }) => sent(token, proof(), 'Bearer'),
    refused: TOKEN('bound_token_as_bearer'),
  },
  'DPOP-RS-01 no proof': {
    request: ({ token }) => sent(token),
    refused: PROOF('dpop_proof_missing'),
  },
  'SP-RS-03 an expired token': {
    request: claiming({ exp: now() - 1 }),
    refused: TOKEN('access_token_expired'),
  },
  'SP-RS-03 a token for tomorrow': {
    request: claiming({ nbf: now() + 86_400 }),
    refused: TOKEN('access_token_expired'),
  },
  'RES-04 a token for another API': {
    request: claiming({ aud: 'https://other.example' }),
    refused: TOKEN('access_token_aud'),
  },
  'JWT-07 a token in the name of another issuer': {
    request: claiming({ iss: 'https://other.example' }),
    refused: TOKEN('access_token_iss'),
  },
  'JAT-02 a token for no client': {
    request: claiming({ client_id: undefined }),
    refused: TOKEN('access_token_claims'),
  },
  'SP-RS-05 a token without a key': {
    request: claiming({ cnf: undefined }),
    refused: TOKEN('token_unbound'),
  },
  'SP-RS-05 a token without a key, as Bearer': {
    request: async ({ issued }) =>
      sent(await issued(({ payload }) => delete payload['cnf']), undefined, 'Bearer'),
    refused: TOKEN('token_unbound'),
  },
  'SP-RS-05 a token for a certificate': {
    request: claiming({ cnf: { 'x5t#S256': 'x' } }),
    refused: TOKEN('token_unbound'),
  },
  'JAT-01 a token that is called JWT': {
    request: spoilt((token) => void (token.header = { typ: 'JWT' })),
    refused: TOKEN('access_token_typ'),
  },
  'JWT-09 the ID token': {
    request: async ({ app, proofFor }) => {
      const { id_token: token = '' } = await app.code(JWT_RESOURCE, 'accounts')
      return sent(token, proofFor(token))
    },
    refused: TOKEN('access_token_typ'),
  },
  'SP-RS-03 a token that only its issuer can read': {
    request: async ({ app, proofFor }) => {
      const { access_token: token } = await app.credentials(OPAQUE_RESOURCE, 'accounts')
      return sent(token, proofFor(token))
    },
    refused: TOKEN('access_token_malformed'),
  },
  'SP-RS-04 a token without the scope': {
    path: '/payments',
    request: ({ api, token, proof }) => sent(token, proof({ htu: `${api.origin}/payments` })),
    refused: [403, 'insufficient_scope', 'scope_insufficient'],
  },
  'STEP-01 a token without the login': {
    path: '/gold',
    request: ({ api, token, proof }) => sent(token, proof({ htu: `${api.origin}/gold` })),
    refused: [401, 'insufficient_user_authentication', 'authentication_insufficient'],
  },
}

for (const adapter of ['fastify', 'node'] as const) {
  describe(`an API on ${adapter} with tokens of oidc-provider`, () => {
    let stage: GuardStage
    before(async () => {
      stage = await openGuardStage(adapter)
    })
    after(() => stage[Symbol.asyncDispose]())

    test('SP-RS-01 SP-RS-05 DPOP-RS-04 what openid-client sends is taken, for a client and for a person', async () => {
      const { api, app } = stage
      const own = await app.credentials(JWT_RESOURCE, 'accounts')
      const answer = await app.call(`${api.origin}/accounts`, own.access_token)
      assert.equal(answer.status, 200)
      assert.deepEqual(await answer.json(), { sub: 'app', scopes: ['accounts'] })
      const { access_token } = await app.code(JWT_RESOURCE, 'accounts payments')
      for (const path of ['/accounts?page=1', '/payments']) {
        const { status, headers } = await app.call(api.origin + path, access_token)
        assert.equal(status, 200)
        assert.match(headers.get('x-fapi-interaction-id') ?? '', /^[0-9a-f-]{36}$/)
      }
    })

    test('SP-RS-01 the same by hand is taken: what is refused is refused for what was changed', async () => {
      const { api, token, proof } = stage
      const answer = await ask(`${api.origin}/accounts`, sent(token, proof()))
      assert.equal(answer.status, 200, answer.body)
    })

    for (const [title, each] of Object.entries(manipulated)) {
      test(`${title} is refused`, () => assertRefused(stage, each))
    }

    test('SP-CR-01 JWT-01 JWT-02 JWT-10 a token that is spoilt in any way is refused', async () => {
      const { api, token, foreign } = stage
      const {
        header: { alg: _alg, ...header },
        claims,
      } = decodeJwt(token)
      for (const [title, bad] of Object.entries(forgeries(header, claims, foreign.signingKey))) {
        const answer = await ask(`${api.origin}/accounts`, sent(bad, stage.proofFor(bad)))
        const [, error] = answer.status === 400 ? BAD('') : TOKEN('')
        assert.ok([400, 401].includes(answer.status), title)
        assert.equal(errorIn(answer.headers['www-authenticate']), error, title)
      }
    })

    test('PRM-01 the API tells whose tokens it takes', async () => {
      const { api, foreign } = stage
      const answer = await ask(`${api.origin}/.well-known/oauth-protected-resource`)
      const { resource, authorization_servers: servers } = json(answer)
      assert.deepEqual([resource, servers], [JWT_RESOURCE, [foreign.issuer]])
    })
  })
}

test('enough is tried', () => {
  assert.ok(Object.keys(manipulated).length >= 20)
})
