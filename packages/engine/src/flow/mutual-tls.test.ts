import {
  certificateThumbprint,
  generateSigningKey,
  thumbprint,
  type Confirmation,
} from '@signet/protocol'
import { ec, jwkOf, rsa } from '@signet/protocol/testing/certificates'
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import type { MutualTlsEndpoints } from '../config.ts'
import type { BackChannelRequest, ResourceRequest, TokenResponse } from '../outcomes.ts'
import {
  APP,
  ASKING,
  createStage,
  REDIRECT_URI,
  VERIFIER,
  type Actor,
  type Parameters,
  type Stage,
} from '../testing/index.ts'
import { certificateFor, MUTUAL_TLS } from '../testing/mutual-tls.ts'
import { introspect } from '../tokens/introspect.ts'
import { RefusedAtResource } from '../tokens/refused-at-resource.ts'
import { revoke } from '../tokens/revoke.ts'
import { ALICE, claimsOf, granted, putCode, refuses } from '../tokens/testing/granted.ts'
import { userinfo } from '../tokens/userinfo.ts'
import { push } from './push.ts'
import { codeFrom } from './testing/arriving.ts'
import { kept } from './testing/pushing.ts'
import { token } from './token.ts'

const own = await certificateFor('app.example')
const other = await certificateFor('app.example')
const OWN = { 'x5t#S256': certificateThumbprint(own.der) }
const OTHER = { 'x5t#S256': certificateThumbprint(other.der) }
const BOUND = { tls_client_certificate_bound_access_tokens: true }
const SCOPE = 'openid accounts offline_access'

/** A stage whose app is registered as said and comes with the certificates given; with none, to the plain endpoints. */
function stageWith(change: object = {}, ...chain: readonly Uint8Array[]): Stage {
  const stage = createStage({ mtls: MUTUAL_TLS })
  const certificates = chain.length === 0 ? undefined : chain
  return { ...stage, app: stage.enrol({ ...APP, ...change }, stage.app.key, certificates) }
}

type At = keyof MutualTlsEndpoints

/** Whether the tokens of a client are bound to DPoP, so that it makes a proof. */
const proves = ({ client }: Actor): boolean => client.senderConstraint === 'dpop'

const to = (actor: Actor, at: At, form: Parameters): BackChannelRequest =>
  actor.request(form, proves(actor) ? { url: actor.endpoints[at] } : undefined)

async function tokens(stage: Stage, actor: Actor, form: Parameters): Promise<TokenResponse> {
  return (await token(to(actor, 'token', form), stage.ports)).response
}

function asking(
  actor: Actor,
  accessToken: string,
  url: string = actor.endpoints.userinfo,
): ResourceRequest {
  const { mutualTls } = actor
  const proof = { url, method: 'GET', accessToken }
  return {
    method: 'GET',
    authorization: [`${proves(actor) ? 'DPoP' : 'Bearer'} ${accessToken}`],
    dpop: proves(actor) ? [actor.proof(proof)] : [],
    parameterNames: [],
    ...(mutualTls && { mutualTls }),
  }
}

/** From the pushed request to the code, as it happens. */
async function codeOf(stage: Stage, actor: Actor): Promise<string> {
  const asked = to(actor, 'pushedAuthorizationRequest', { ...ASKING, scope: SCOPE })
  return codeFrom(stage, actor, (await push(asked, stage.ports)).requestUri)
}

const redeeming = (code: string): Parameters => ({
  grant_type: 'authorization_code',
  redirect_uri: REDIRECT_URI,
  code_verifier: VERIFIER,
  code,
})

const x5c = [Buffer.from(own.der).toString('base64')]
const METHODS: Readonly<Record<string, object>> = {
  private_key_jwt: {},
  tls_client_auth: {
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_san_dns: 'app.example',
  },
  self_signed_tls_client_auth: {
    token_endpoint_auth_method: 'self_signed_tls_client_auth',
    jwks: { keys: [{ ...(await jwkOf(own)), x5c }] },
  },
}

for (const [method, authentication] of Object.entries(METHODS)) {
  for (const constraint of ['dpop', 'mtls']) {
    describe(`${method} with tokens bound by ${constraint}`, () => {
      const stageOf = (): Stage =>
        stageWith({ ...authentication, ...(constraint === 'mtls' && BOUND) }, own.der)
      const confirmation = ({ app }: Stage): Confirmation =>
        constraint === 'mtls' ? OWN : { jkt: thumbprint(app.dpopKey.publicJwk) }
      const tokenType = constraint === 'mtls' ? 'Bearer' : 'DPoP'

      test('MTLS-04 DPOP-AS-02 every grant gives tokens of this one key, and says how to use them', async () => {
        const stage = stageOf()
        const { app } = stage
        const first = await tokens(stage, app, redeeming(await codeOf(stage, app)))
        const { refresh_token = '' } = first
        const next = await tokens(stage, app, { grant_type: 'refresh_token', refresh_token })
        const machine = await tokens(stage, app, { grant_type: 'client_credentials' })
        for (const { access_token, token_type } of [first, next, machine]) {
          assert.deepEqual(claimsOf(access_token)['cnf'], confirmation(stage))
          assert.equal(token_type, tokenType)
        }
        assert.equal(claimsOf(first.id_token)['sub'], ALICE)
      })

      test('MTLS-06 SP-RS-01 userinfo answers who holds the key, at the alias', async () => {
        const stage = stageOf()
        const { app } = stage
        const { access_token } = await tokens(stage, app, redeeming(await codeOf(stage, app)))
        const { body } = await userinfo(asking(app, access_token), stage.ports)
        assert.ok('json' in body && body.json['sub'] === ALICE)
      })

      test('MTLS-05 DPOP-AS-05 introspection returns the same key, for a JWT and for an opaque token', async () => {
        for (const access_token_format of ['jwt', 'opaque']) {
          const change = constraint === 'mtls' ? BOUND : {}
          const stage = stageWith({ ...authentication, ...change, access_token_format }, own.der)
          const { app } = stage
          const { access_token } = await tokens(stage, app, redeeming(await codeOf(stage, app)))
          const { body } = await introspect(app.request({ token: access_token }), stage.ports)
          assert.ok('json' in body)
          const { active, cnf, token_type } = body.json
          assert.deepEqual([active, cnf, token_type], [true, confirmation(stage), tokenType])
        }
      })

      test('REV-01 revocation ends the token', async () => {
        const stage = stageOf()
        const { app } = stage
        const { access_token } = await tokens(stage, app, redeeming(await codeOf(stage, app)))
        await revoke(app.request({ token: access_token }), stage.ports)
        await refuses(userinfo(asking(app, access_token), stage.ports), 'invalid_token', 'SP-RS-03')
      })
    })
  }
}

describe('MTLS-08 htu at an endpoint and its alias', () => {
  const BY_CERTIFICATE = METHODS['tls_client_auth'] ?? {}

  test('MTLS-08 DPOP-PRF-09 at the aliases it is the URL of the alias, and the plain one is refused', async () => {
    for (const change of [{}, BY_CERTIFICATE]) {
      const stage = stageWith(change, own.der)
      const { app, ports } = stage
      const { endpoints } = ports.service
      const pushing = app.request(ASKING, { url: endpoints.pushedAuthorizationRequest })
      await refuses(push(pushing, ports), 'invalid_dpop_proof', 'DPOP-PRF-09')
      const form = { grant_type: 'client_credentials' }
      const plain = token(app.request(form, { url: endpoints.token }), ports)
      await refuses(plain, 'invalid_dpop_proof', 'DPOP-PRF-09')
      const { access_token } = await tokens(stage, app, redeeming(await codeOf(stage, app)))
      const resource = asking(app, access_token, endpoints.userinfo)
      await refuses(userinfo(resource, ports), 'invalid_dpop_proof', 'DPOP-PRF-09')
    }
  })

  test('MTLS-08 DPOP-PRF-09 at the plain endpoints it is theirs, and that of the alias is refused', async () => {
    const stage = stageWith()
    const { app, ports } = stage
    const { endpoints } = MUTUAL_TLS
    const pushing = app.request(ASKING, { url: endpoints.pushedAuthorizationRequest })
    await refuses(push(pushing, ports), 'invalid_dpop_proof', 'DPOP-PRF-09')
    const form = { grant_type: 'client_credentials' }
    const strayed = token(app.request(form, { url: endpoints.token }), ports)
    await refuses(strayed, 'invalid_dpop_proof', 'DPOP-PRF-09')
    const { access_token } = await tokens(stage, app, redeeming(await codeOf(stage, app)))
    const resource = asking(app, access_token, endpoints.userinfo)
    await refuses(userinfo(resource, ports), 'invalid_dpop_proof', 'DPOP-PRF-09')
  })

  test('MTLS-08 who uses no certificates may go to either, certificate or not', async () => {
    const stage = stageWith({})
    const plain = stage.enrol(APP, stage.app.key, [])
    const { access_token } = await tokens(stage, stage.app, redeeming(await codeOf(stage, plain)))
    assert.equal((await userinfo(asking(plain, access_token), stage.ports)).action, 'userinfo')
  })
})

describe('a client whose tokens are bound to its certificate', () => {
  const grants = async (stage: Stage): Promise<readonly Parameters[]> => {
    const { refresh_token = '' } = await tokens(stage, stage.app, redeeming(await putCode(stage)))
    return [
      redeeming(await putCode(stage)),
      { grant_type: 'refresh_token', refresh_token },
      { grant_type: 'client_credentials' },
    ]
  }

  test('MTLS-04 SP-AS-04 SP-AS-04a gets no token without a certificate, at the alias or at the plain endpoint', async () => {
    const stage = stageWith(BOUND, own.der)
    const bare = stage.enrol({ ...APP, ...BOUND }, stage.app.key, [])
    const plain = stage.enrol({ ...APP, ...BOUND }, stage.app.key)
    for (const form of await grants(stage)) {
      for (const actor of [bare, plain]) {
        const { evidence } = await refuses(
          token(actor.request(form), stage.ports),
          'invalid_request',
          'MTLS-04',
        )
        assert.match(evidence.remedy, /mtls_endpoint_aliases/)
        const { url } = { url: actor.endpoints.token }
        await refuses(token(actor.request(form, { url }), stage.ports), 'invalid_request')
      }
    }
  })

  test('MTLS-04 a request that lacked its certificate uses up no code', async () => {
    const stage = stageWith(BOUND, own.der)
    const bare = stage.enrol({ ...APP, ...BOUND }, stage.app.key, [])
    const code = await putCode(stage)
    await refuses(token(bare.request(redeeming(code)), stage.ports), 'invalid_request', 'MTLS-04')
    assert.ok((await tokens(stage, stage.app, redeeming(code))).access_token)
  })

  test('SP-CR-04 SP-CR-05 gets no token that is bound to a key which others can compute, and uses up no code', async () => {
    const algorithms = [rsa(1024), rsa(1536)]
    const weak = await Promise.all(
      algorithms.map((algorithm) => certificateFor('app.example', { algorithm })),
    )
    for (const der of [...weak.map((each) => each.der), Buffer.from('no certificate')]) {
      const stage = stageWith(BOUND, own.der)
      const weakly = stage.enrol({ ...APP, ...BOUND }, stage.app.key, [der])
      const code = await putCode(stage)
      const asked = token(weakly.request(redeeming(code)), stage.ports)
      const refused = await refuses(asked, 'invalid_request', 'SP-CR-04')
      assert.equal(refused.evidence.reason, 'certificate_key_weak')
      assert.ok((await tokens(stage, stage.app, redeeming(code))).access_token)
    }
    const strong = await certificateFor('app.example', { algorithm: ec('P-384', 'SHA-384') })
    const stage = stageWith(BOUND, strong.der)
    const { access_token } = await tokens(stage, stage.app, redeeming(await putCode(stage)))
    assert.deepEqual(claimsOf(access_token)['cnf'], {
      'x5t#S256': certificateThumbprint(strong.der),
    })
  })

  test('MTLS-07 gets no token for a proof beside its certificate, neither this nor that', async () => {
    const stage = stageWith(BOUND, own.der)
    const { app, ports } = stage
    for (const form of await grants(stage)) {
      const both = app.request(form, { url: app.endpoints.token })
      await refuses(token(both, ports), 'invalid_request', 'MTLS-07')
    }
  })

  test('MTLS-07 DPOP-JKT-02 binds no code to a DPoP key', async () => {
    const stage = stageWith(BOUND, own.der)
    const { app, ports } = stage
    const { kid: dpop_jkt } = app.dpopKey
    const url = app.endpoints.pushedAuthorizationRequest
    const inForm = app.request({ ...ASKING, dpop_jkt })
    const inObject = app.request({ request: app.requestObject({ ...ASKING, dpop_jkt }) })
    for (const request of [inForm, app.request(ASKING, { url }), inObject])
      await refuses(push(request, ports), 'invalid_request', 'MTLS-07')
  })

  test('DPOP-JKT-01 redeems no code that was bound to a DPoP key before it was registered so', async () => {
    const stage = stageWith({}, own.der)
    const dpopJkt = stage.app.dpopKey.kid
    const code = await putCode(stage, {}, { dpopJkt })
    const since = stage.enrol({ ...APP, ...BOUND }, stage.app.key, [own.der])
    const redeemed = token(since.request(redeeming(code)), stage.ports)
    await refuses(redeemed, 'invalid_dpop_proof', 'DPOP-JKT-01')
  })

  test('MTLS-04 the thumbprint is the SHA-256 of the DER, in base64url without padding', async () => {
    const stage = stageWith(BOUND, own.der)
    const form = { grant_type: 'client_credentials' }
    const { access_token } = await tokens(stage, stage.app, form)
    const digest = createHash('sha256').update(own.der).digest('base64url')
    assert.deepEqual(claimsOf(access_token)['cnf'], { 'x5t#S256': digest })
    assert.match(digest, /^[\w-]{43}$/)
  })

  test('MTLS-04 only its own certificate counts, not those that came with it', async () => {
    const stage = stageWith(BOUND, other.der, own.der)
    const form = { grant_type: 'client_credentials' }
    const { access_token } = await tokens(stage, stage.app, form)
    assert.deepEqual(claimsOf(access_token)['cnf'], OTHER)
  })

  test('MTLS-11 refreshes with a new certificate, and the new token belongs to the new one', async () => {
    for (const authentication of [{}, METHODS['tls_client_auth']]) {
      const change = { ...authentication, ...BOUND }
      const stage = stageWith(change, own.der)
      const { refresh_token = '', ...first } = await tokens(
        stage,
        stage.app,
        redeeming(await codeOf(stage, stage.app)),
      )
      const renewed = stage.enrol({ ...APP, ...change }, stage.app.key, [other.der])
      const form = { grant_type: 'refresh_token', refresh_token }
      const next = await tokens(stage, renewed, form)
      assert.deepEqual(claimsOf(first.access_token)['cnf'], OWN)
      assert.deepEqual(claimsOf(next.access_token)['cnf'], OTHER)
    }
  })

  test('MTLS-11 OAU-06 a refresh token is worth nothing to another client with a certificate', async () => {
    const stage = stageWith({ ...METHODS['tls_client_auth'], ...BOUND }, own.der)
    const { refresh_token = '' } = await tokens(
      stage,
      stage.app,
      redeeming(await codeOf(stage, stage.app)),
    )
    const thief = stage.enrol(
      { ...APP, ...METHODS['tls_client_auth'], ...BOUND, client_id: 'thief' },
      generateSigningKey('ES256'),
      [own.der],
    )
    const form = { grant_type: 'refresh_token', refresh_token }
    await refuses(token(thief.request(form), stage.ports), 'invalid_grant', 'OAU-06')
  })
})

describe('a token that is bound to a certificate', () => {
  const boundTo = async (stage: Stage): Promise<string> =>
    (await tokens(stage, stage.app, redeeming(await codeOf(stage, stage.app)))).access_token

  test('MTLS-06 is worth nothing to who has another certificate, or none', async () => {
    const stage = stageWith(BOUND, own.der)
    const accessToken = await boundTo(stage)
    const request = asking(stage.app, accessToken)
    for (const chain of [[other.der], [other.der, own.der], []]) {
      const stolen = userinfo({ ...request, mutualTls: { chain } }, stage.ports)
      const { evidence } = await refuses(stolen, 'invalid_token', 'MTLS-06')
      assert.ok(!JSON.stringify(evidence).includes(accessToken))
    }
    const { mutualTls: _, ...plain } = request
    await refuses(userinfo(plain, stage.ports), 'invalid_token', 'MTLS-06')
  })

  test('SP-RS-01 is taken with scheme Bearer, and not with DPoP, whatever proof comes with it', async () => {
    const stage = stageWith(BOUND, own.der)
    const accessToken = await boundTo(stage)
    const { app } = stage
    const dpop = [app.proof({ url: app.endpoints.userinfo, method: 'GET', accessToken })]
    const byDpop = { ...asking(app, accessToken), authorization: [`DPoP ${accessToken}`] }
    for (const request of [byDpop, { ...byDpop, dpop }])
      await refuses(userinfo(request, stage.ports), 'invalid_token', 'SP-RS-01')
  })

  test('MTLS-10 stands while its certificate expires: possession of the key is what counts', async () => {
    const stage = stageWith(BOUND, own.der)
    stage.clock.advance(86_399)
    const accessToken = await boundTo(stage)
    stage.clock.advance(10)
    const request = asking(stage.app, accessToken)
    assert.equal((await userinfo(request, stage.ports)).action, 'userinfo')
  })

  test('DPOP-RS-02 a token of a DPoP key is not to be had with a certificate instead', async () => {
    const stage = stageWith({}, own.der)
    const { access_token: accessToken } = await granted({
      ...stage,
      app: stage.enrol(APP, stage.app.key),
    })
    const request = { ...asking(stage.app, accessToken), authorization: [`Bearer ${accessToken}`] }
    await refuses(userinfo(request, stage.ports), 'invalid_token', 'DPOP-RS-02')
    await refuses(userinfo({ ...request, dpop: [] }, stage.ports), 'invalid_token', 'DPOP-RS-02')
  })
})

test('OAU-09 the alias of userinfo challenges with both schemes, the plain endpoint with DPoP', async () => {
  const stage = stageWith(BOUND, own.der)
  const bare = { method: 'GET', authorization: [], dpop: [], parameterNames: [] }
  for (const [request, schemes] of [
    [bare, ['DPoP']],
    [{ ...bare, mutualTls: { chain: [own.der] } }, ['DPoP', 'Bearer']],
    [{ ...bare, mutualTls: { chain: [] } }, ['DPoP', 'Bearer']],
  ] as const) {
    const refused: unknown = await userinfo(request, stage.ports).catch((error: unknown) => error)
    assert.ok(refused instanceof RefusedAtResource)
    assert.deepEqual(refused.challenge, { schemes })
  }
})

test('DPOP-JKT-02 a code of a client that shows a certificate is bound to the key of its proof', async () => {
  const stage = stageWith(METHODS['tls_client_auth'], own.der)
  const { app, ports } = stage
  const asked = to(app, 'pushedAuthorizationRequest', { ...ASKING, scope: SCOPE })
  const pushed = await push(asked, ports)
  assert.equal((await kept(pushed, stage)).parameters.dpop_jkt, app.dpopKey.kid)
  const code = await codeFrom(stage, app, pushed.requestUri)
  const key = generateSigningKey('ES256')
  const stolen = app.request(redeeming(code), { url: app.endpoints.token, key })
  await refuses(token(stolen, ports), 'invalid_dpop_proof', 'DPOP-JKT-01')
})
