import { decodeJwt, generateSigningKey } from '@signet/protocol'
import { forgeries, unusableJwks } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { jwkOf, type ProofParts } from './testing/foreign-client.ts'
import {
  assertRefused,
  errorIn,
  openGuardStage,
  PROOF,
  sent,
  TOKEN,
  type GuardStage,
  type Manipulated,
} from './testing/guard-stage.ts'
import { ask } from './testing/https.ts'

const stranger = generateSigningKey('ES256')

/** A good token with a proof that is changed. */
const proved =
  (claims: object, parts?: ProofParts): Manipulated['request'] =>
  ({ token, proof }) =>
    sent(token, proof(claims, parts))
const now = (): number => Math.floor(Date.now() / 1_000)

/** With a proof that is wrong, and a token of oidc-provider that is not. */
const manipulated: Readonly<Record<string, Manipulated>> = {
  'DPOP-PRF-01 two proofs': {
    request: ({ token, proof }) => sent(token, [proof(), proof()]),
    refused: PROOF('dpop_header_count'),
  },
  'DPOP-PRF-01 two proofs in one header': {
    request: ({ token, proof }) => sent(token, `${proof()}, ${proof()}`),
    refused: PROOF('dpop_header_count'),
  },
  'DPOP-PRF-01 an empty proof': {
    request: ({ token }) => sent(token, ''),
    refused: PROOF('dpop_header_count'),
  },
  'DPOP-PRF-02 the token as proof of itself': {
    request: ({ token }) => sent(token, token),
    refused: PROOF('dpop_typ'),
  },
  'DPOP-PRF-03 a proof without jti': {
    request: proved({ jti: undefined }),
    refused: PROOF('dpop_member_missing'),
  },
  'DPOP-PRF-03 a proof without key': {
    request: proved({}, { header: { jwk: undefined } }),
    refused: PROOF('dpop_member_missing'),
  },
  'DPOP-PRF-04 a proof that is called JWT': {
    request: proved({}, { header: { typ: 'JWT' } }),
    refused: PROOF('dpop_typ'),
  },
  'DPOP-PRF-05 a proof with RS256': {
    request: proved({}, { header: { alg: 'RS256' } }),
    refused: PROOF('dpop_alg'),
  },
  'SP-CR-03 a proof with alg none': {
    request: proved({}, { header: { alg: 'none' } }),
    refused: PROOF('dpop_alg'),
  },
  'DPOP-PRF-06 a proof of another key under the name of ours': {
    request: ({ app, token, proof }) =>
      sent(token, proof({}, { key: stranger, header: { jwk: jwkOf(app.proofKey) } })),
    refused: PROOF('dpop_signature'),
  },
  'DPOP-PRF-07 a proof that gives its private key away': {
    request: ({ app, token, proof }) =>
      sent(
        token,
        proof({}, { header: { jwk: app.proofKey.privateKey.export({ format: 'jwk' }) } }),
      ),
    refused: PROOF('dpop_private_key'),
  },
  'JWT-03 a proof with a point that is not on its curve': {
    request: proved({}, { header: { jwk: unusableJwks()['a point that is not on the curve'] } }),
    refused: PROOF('dpop_key_unusable'),
  },
  'DPOP-PRF-08 a proof for another method': {
    request: proved({ htm: 'POST' }),
    refused: PROOF('dpop_htm'),
  },
  'DPOP-PRF-08 a good proof with another method': {
    request: ({ token, proof }) => ({ ...sent(token, proof()), method: 'DELETE' }),
    refused: PROOF('dpop_htm'),
  },
  'DPOP-PRF-09 a proof for another path': {
    request: ({ api, token, proof }) => sent(token, proof({ htu: `${api.origin}/payments` })),
    refused: PROOF('dpop_htu'),
  },
  'DPOP-PRF-09 a proof for the issuer': {
    request: ({ foreign, token, proof }) =>
      sent(token, proof({ htu: `${foreign.issuer}/accounts` })),
    refused: PROOF('dpop_htu'),
  },
  'DPOP-PRF-09 a proof for another host, which the Host header repeats': {
    request: ({ token, proof }) => ({
      headers: {
        ...sent(token, proof({ htu: 'https://evil.example/accounts' })).headers,
        host: 'evil.example',
        'x-forwarded-host': 'evil.example',
      },
    }),
    refused: PROOF('dpop_htu'),
  },
  'DPOP-PRF-11 a proof without nonce': {
    request: proved({ nonce: undefined }),
    refused: [401, 'use_dpop_nonce', 'dpop_nonce'],
  },
  'DPOP-AS-09 a proof with a nonce of somebody else': {
    request: proved({ nonce: 'Zm9yZWlnbg' }),
    refused: [401, 'use_dpop_nonce', 'dpop_nonce'],
  },
  'DPOP-PRF-03 a proof without iat': {
    request: proved({ iat: undefined }),
    refused: PROOF('dpop_member_missing'),
  },
  'DPOP-PRF-16 a proof that has ended': {
    request: proved({ exp: 1 }),
    refused: PROOF('dpop_validity'),
  },
  'DPOP-PRF-13 a proof for another token': {
    request: proved({ ath: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }),
    refused: PROOF('dpop_ath'),
  },
  'DPOP-PRF-13 a proof as for the token endpoint': {
    request: proved({ ath: undefined }),
    refused: PROOF('dpop_ath'),
  },
  'DPOP-PRF-14 a stolen token with the key of the thief': {
    request: proved({}, { key: stranger }),
    refused: TOKEN('dpop_token_binding'),
  },
  'DPOP-PRF-15 the same again': {
    request: async ({ api, token, proof }) => {
      const request = sent(token, proof())
      assert.equal((await ask(`${api.origin}/accounts`, request)).status, 200)
      return request
    },
    refused: PROOF('dpop_proof_replayed'),
  },
}

for (const adapter of ['fastify', 'node'] as const) {
  describe(`an API on ${adapter} with tokens of oidc-provider`, () => {
    let stage: GuardStage
    before(async () => {
      stage = await openGuardStage(adapter)
    })
    after(() => stage[Symbol.asyncDispose]())

    for (const [title, each] of Object.entries(manipulated)) {
      test(`${title} is refused`, () => assertRefused(stage, each))
    }

    test('DPOP-PRF-02 DPOP-PRF-06 a proof that is spoilt in any way is refused', async () => {
      const { api, token, app } = stage
      const {
        header: { alg: _alg, ...header },
        claims,
      } = decodeJwt(stage.proof())
      for (const [title, dpop] of Object.entries(forgeries(header, claims, app.proofKey))) {
        const answer = await ask(`${api.origin}/accounts`, sent(token, dpop))
        assert.equal(answer.status, 401, title)
        assert.equal(errorIn(answer.headers['www-authenticate']), 'invalid_dpop_proof', title)
      }
    })
  })
}

test('DPOP-PRF-12 where no nonce says how young a proof is, its own word has to be near our time', async () => {
  await using stage = await openGuardStage('node', { nonces: 'off' })
  const { api, token, proof } = stage
  const at = async (iat: number): Promise<number> =>
    (await ask(`${api.origin}/accounts`, sent(token, proof({ iat, nonce: undefined })))).status
  assert.deepEqual([await at(now()), await at(now() + 8)], [200, 200])
  assert.deepEqual([await at(now() - 300), await at(now() + 300)], [401, 401])
  assert.equal(api.events.at(-1)?.reason, 'dpop_iat')
})

test('enough is tried', () => {
  assert.ok(Object.keys(manipulated).length >= 20)
})
