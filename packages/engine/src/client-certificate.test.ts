import { authority, issue, jwkOf, named, NOW } from '@signet/protocol/testing/certificates'
import { createClientAssertion, type Refused } from '@signet/protocol'
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, test } from 'node:test'
import { ASSERTION_TYPE } from './client-authentication.rules.ts'
import type { MutualTlsEndpoints } from './config.ts'
import { refusedBy, type Step } from './flow/testing/pushing.ts'
import { push } from './flow/push.ts'
import { token } from './flow/token.ts'
import type { BackChannelRequest } from './outcomes.ts'
import {
  APP,
  ASKING,
  createStage,
  type Actor,
  type Parameters,
  type Stage,
} from './testing/index.ts'
import { certificateFor, MUTUAL_TLS } from './testing/mutual-tls.ts'
import { introspect } from './tokens/introspect.ts'
import { revoke } from './tokens/revoke.ts'

const own = await certificateFor('app.example')
const foreign = await certificateFor('web.example')
const expired = await certificateFor('app.example', { notAfter: NOW - 1 })
const early = await certificateFor('app.example', { notBefore: NOW + 60 })
const dns = [named({ type: 'dns', value: 'app.example' })]
const selfIssued = await issue({ extensions: dns })
const untrusted = await certificateFor('app.example', { issuer: own })

const stageOf = (): Stage => createStage({ mtls: MUTUAL_TLS })
const BY_AUTHORITY = {
  ...APP,
  token_endpoint_auth_method: 'tls_client_auth',
  tls_client_auth_san_dns: 'app.example',
}
const enrolled = (stage: Stage, change: object = {}, ...chain: readonly Uint8Array[]): Actor =>
  stage.enrol({ ...BY_AUTHORITY, ...change }, stage.app.key, chain)

interface Endpoint {
  readonly step: Step
  readonly at: keyof MutualTlsEndpoints
  readonly form: Parameters
}

/** Every step a client authenticates at, with what else it takes for a success. */
const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  push: { step: push, at: 'pushedAuthorizationRequest', form: ASKING },
  token: { step: token, at: 'token', form: { grant_type: 'client_credentials' } },
  introspect: { step: introspect, at: 'introspection', form: { token: 'x' } },
  revoke: { step: revoke, at: 'revocation', form: { token: 'x' } },
}

function sent(actor: Actor, { at, form }: Endpoint, more: Parameters = {}): BackChannelRequest {
  const target = at === 'token' ? { url: actor.endpoints[at] } : undefined
  return actor.request({ ...form, ...more }, target)
}

const answerTo = async (request: BackChannelRequest, stage: Stage, step: Step): Promise<unknown> =>
  (await step(request, stage.ports)).action

/** Asserts `invalid_client`, by which rule, and that no other step than that decided. */
async function refuses(
  request: BackChannelRequest,
  stage: Stage,
  [step, id]: readonly [Step, string],
): Promise<Refused> {
  const refused = await refusedBy(request, stage, step)
  const { refusal, evidence } = refused
  assert.deepEqual([refusal.error, evidence.id], ['invalid_client', id], evidence.received)
  return refused
}

for (const [name, endpoint] of Object.entries(ENDPOINTS)) {
  const { step } = endpoint

  describe(`a client that is known by the certificate of an authority (${name})`, () => {
    test('MTLS-01 is let in with its certificate and its client_id', async () => {
      const stage = stageOf()
      const app = enrolled(stage, {}, own.der)
      assert.ok(await answerTo(sent(app, endpoint), stage, step))
    })

    test('MTLS-01 is not known by its certificate alone', async () => {
      const stage = stageOf()
      const app = enrolled(stage, {}, own.der)
      for (const client_id of ['', []]) {
        await refuses(sent(app, endpoint, { client_id }), stage, [step, 'SP-AS-06'])
      }
    })

    test('MTLS-01 is refused without certificate, at the alias and at the plain endpoint', async () => {
      const stage = stageOf()
      const app = enrolled(stage)
      await refuses(sent(app, endpoint), stage, [step, 'MTLS-01'])
      const { mutualTls: _, ...plain } = sent(app, endpoint)
      const { evidence } = await refuses(plain, stage, [step, 'SP-AS-06'])
      assert.match(evidence.remedy, /mtls_endpoint_aliases/)
    })

    test('MTLS-01 MTLS-02 is refused with a certificate of another client, whichever it names', async () => {
      const stage = stageOf()
      const app = enrolled(stage, {}, foreign.der)
      const web = enrolled(
        stage,
        { client_id: 'web', tls_client_auth_san_dns: 'web.example' },
        foreign.der,
      )
      await refuses(sent(app, endpoint), stage, [step, 'MTLS-02'])
      const posing = sent(web, endpoint, { client_id: 'app' })
      await refuses(posing, stage, [step, 'MTLS-02'])
      assert.ok(await answerTo(sent(web, endpoint), stage, step))
    })

    test('MTLS-02 is refused with a certificate that no authority vouches for', async () => {
      for (const chain of [
        [selfIssued.der],
        [untrusted.der],
        [untrusted.der, own.der],
        [selfIssued.der, own.der],
      ]) {
        const stage = stageOf()
        const app = enrolled(stage, {}, ...chain)
        await refuses(sent(app, endpoint), stage, [step, 'MTLS-02'])
      }
    })

    test('MTLS-01 is refused with a certificate that has expired, or is not valid yet', async () => {
      const stage = stageOf()
      for (const { der } of [expired, early]) {
        const app = enrolled(stage, {}, der)
        await refuses(sent(app, endpoint), stage, [step, 'MTLS-01'])
      }
      const app = enrolled(stage, {}, own.der)
      stage.clock.advance(86_400)
      assert.ok(await answerTo(sent(app, endpoint), stage, step))
      stage.clock.advance(1)
      await refuses(sent(app, endpoint), stage, [step, 'MTLS-01'])
    })

    test('MTLS-12 is refused with what is no certificate', async () => {
      for (const der of [
        Buffer.alloc(0),
        Buffer.from('no certificate'),
        Buffer.from(own.pem),
        own.der.subarray(1),
        Buffer.concat([own.der, Buffer.from('x')]),
        Buffer.alloc(100_000, 0x30),
      ]) {
        const stage = stageOf()
        await refuses(sent(enrolled(stage, {}, der), endpoint), stage, [step, 'MTLS-12'])
      }
    })

    test('MTLS-02 may change its certificate for one of another name it has registered', async () => {
      const stage = stageOf()
      const renewed = { tls_client_auth_san_dns: ['app.example', 'web.example'] }
      for (const { der } of [own, foreign]) {
        assert.ok(await answerTo(sent(enrolled(stage, renewed, der), endpoint), stage, step))
      }
    })

    test('PKJ-09 is refused when it shows anything else beside', async () => {
      const stage = stageOf()
      const app = enrolled(stage, {}, own.der)
      const basic = { ...sent(app, endpoint), authorization: ['Basic YXBwOnM='] }
      await refuses(basic, stage, [step, 'PKJ-09'])
      const secret = sent(app, endpoint, { client_secret: 's3cret' })
      await refuses(secret, stage, [step, 'PKJ-09'])
    })

    test('PKJ-01 is refused with an assertion, though the key be its own and the certificate beside it', async () => {
      const stage = stageOf()
      const app = enrolled(stage, {}, own.der)
      const credentials = () => ({
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: app.assertion(),
      })
      await refuses(sent(app, endpoint, credentials()), stage, [step, 'PKJ-01'])
      const { mutualTls: _, ...plain } = sent(app, endpoint, credentials())
      await refuses(plain, stage, [step, 'PKJ-01'])
    })

    test('SP-AS-03 is refused once it is disabled', async () => {
      const stage = stageOf()
      const app = enrolled(stage, {}, own.der)
      const clients = { ...stage.ports.clients, find: async () => undefined }
      const disabled = { ...stage, ports: { ...stage.ports, clients } }
      await refuses(sent(app, endpoint), disabled, [step, 'SP-AS-03'])
    })
  })

  describe(`a stranger with a certificate (${name})`, () => {
    test('SP-AS-03 is told the same of every client: of none, of one by assertion, of one by another certificate', async () => {
      for (const { der } of [own, foreign, expired, selfIssued]) {
        const stage = stageOf()
        enrolled(stage, { client_id: 'known', tls_client_auth_san_dns: 'known.example' })
        stage.enrol({ ...APP, client_id: 'signing' })
        stage.enrol({
          ...APP,
          client_id: 'self-signed',
          token_endpoint_auth_method: 'self_signed_tls_client_auth',
        })
        const mallory = enrolled(stage, { client_id: 'mallory' }, der)
        const told: unknown[] = []
        const ids: string[] = []
        for (const client_id of ['known', 'signing', 'self-signed', 'nobody', '__proto__']) {
          const request = sent(mallory, endpoint, { client_id })
          const { refusal, evidence } = await refusedBy(request, stage, step)
          told.push(refusal)
          ids.push(evidence.reason)
        }
        for (const refusal of told) assert.deepEqual(refusal, told[0])
        assert.ok(new Set(ids).size > 2, 'and the operator is told which it was')
      }
    })

    test('SP-AS-03 learns no client without a certificate either', async () => {
      const stage = stageOf()
      enrolled(stage, { client_id: 'known' })
      const nameless = enrolled(stage)
      const told = await Promise.all(
        ['known', 'nobody'].map(async (client_id) => {
          const request = sent(nameless, endpoint, { client_id })
          return (await refusedBy(request, stage, step)).refusal
        }),
      )
      assert.deepEqual(told[0], told[1])
    })

    test('PKJ-01 is not the client whose assertions it cannot make', async () => {
      const stage = stageOf()
      const app = stage.enrol(APP, stage.app.key, [own.der])
      const request = sent(app, endpoint, {
        client_assertion: [],
        client_assertion_type: [],
        client_id: 'app',
      })
      await refuses(request, stage, [step, 'MTLS-01'])
    })
  })

  describe(`a client with an assertion and a certificate (${name})`, () => {
    test('SP-AS-06 is known by its assertion, whoever issued the certificate', async () => {
      for (const { der } of [own, foreign, selfIssued, expired]) {
        const stage = stageOf()
        const app = stage.enrol(APP, stage.app.key, [der])
        assert.ok(await answerTo(sent(app, endpoint), stage, step))
      }
    })

    test('SP-AS-06 is refused for its assertion, however good the certificate', async () => {
      const stage = stageOf()
      const app = stage.enrol(APP, stage.app.key, [own.der])
      const request = sent(app, endpoint, { client_assertion: `${app.assertion()}x` })
      await refuses(request, stage, [step, 'JWT-06'])
      await refuses(sent(app, endpoint, { client_assertion: '' }), stage, [step, 'SP-AS-06'])
    })

    test('SP-AS-08 has the issuer as audience there too, and no alias', async () => {
      const stage = stageOf()
      const app = stage.enrol(APP, stage.app.key, [own.der])
      for (const issuer of [app.endpoints[endpoint.at], 'https://mtls.as.example']) {
        const client_assertion = createClientAssertion({
          key: app.key,
          clientId: 'app',
          issuer,
          now: stage.clock.now(),
          jti: issuer,
        })
        await refuses(sent(app, endpoint, { client_assertion }), stage, [step, 'SP-AS-08'])
      }
    })
  })
}

describe('a client that is known by a certificate of its own', () => {
  const METHOD = { token_endpoint_auth_method: 'self_signed_tls_client_auth' }
  const x5cOf = async (certificate: typeof own): Promise<object> => ({
    ...(await jwkOf(certificate)),
    x5c: [Buffer.from(certificate.der).toString('base64')],
  })
  const request = (app: Actor): BackChannelRequest => app.request(ASKING)

  test('MTLS-03 is let in with the certificate it registered, whoever issued it', async () => {
    for (const certificate of [own, selfIssued, untrusted]) {
      const stage = stageOf()
      const jwks = { keys: [await x5cOf(certificate)] }
      const app = enrolled(stage, { ...METHOD, jwks }, certificate.der)
      assert.equal((await push(request(app), stage.ports)).action, 'created')
    }
  })

  test('MTLS-03 is let in with any certificate of a key that it registered without one', async () => {
    const stage = stageOf()
    const again = await certificateFor('elsewhere.example', { keys: own.keys })
    const jwks = { keys: [await jwkOf(own)] }
    for (const { der } of [own, again]) {
      const app = enrolled(stage, { ...METHOD, jwks }, der)
      assert.equal((await push(request(app), stage.ports)).action, 'created')
    }
  })

  test('MTLS-03 is refused with any other certificate, of the same name or of an authority', async () => {
    const stage = stageOf()
    const jwks = { keys: [await x5cOf(selfIssued)] }
    const sameKey = await certificateFor('app.example', { keys: selfIssued.keys })
    for (const { der } of [own, foreign, sameKey]) {
      const app = enrolled(stage, { ...METHOD, jwks }, der)
      await refuses(request(app), stage, [push, 'MTLS-03'])
    }
  })

  test('MTLS-03 is refused with the certificate of another client', async () => {
    const stage = stageOf()
    const [mine, others] = [await x5cOf(own), await x5cOf(foreign)]
    enrolled(stage, { ...METHOD, client_id: 'web', jwks: { keys: [others] } })
    const app = enrolled(stage, { ...METHOD, jwks: { keys: [mine] } }, foreign.der)
    await refuses(request(app), stage, [push, 'MTLS-03'])
  })

  test('MTLS-03 MTLS-01 is refused when it has expired, for all that it is registered', async () => {
    const stage = stageOf()
    for (const certificate of [expired, early]) {
      const jwks = { keys: [await x5cOf(certificate)] }
      const app = enrolled(stage, { ...METHOD, jwks }, certificate.der)
      await refuses(request(app), stage, [push, 'MTLS-01'])
    }
  })

  test('MTLS-03 may have two certificates while one takes the place of the other', async () => {
    const stage = stageOf()
    const jwks = { keys: [await x5cOf(own), await x5cOf(selfIssued)] }
    for (const { der } of [own, selfIssued]) {
      const app = enrolled(stage, { ...METHOD, jwks }, der)
      assert.equal((await push(request(app), stage.ports)).action, 'created')
    }
  })

  test('MTLS-12 is refused with what cannot be read, and nobody looks for its keys', async () => {
    const stage = stageOf()
    const app = enrolled(
      stage,
      { ...METHOD, jwks: { keys: [await x5cOf(own)] } },
      Buffer.from('no certificate'),
    )
    const clients = { ...stage.ports.clients, keys: () => assert.fail('keys were looked for') }
    const ports = { ...stage.ports, clients }
    await refuses(request(app), { ...stage, ports }, [push, 'MTLS-12'])
  })
})

test('MTLS-02 an authority may stand between, if the client sends its certificate along', async () => {
  const between = await certificateFor('Issuing authority', { extensions: [authority(0)] })
  const { der } = await certificateFor('app.example', { issuer: between })
  const stage = stageOf()
  const whole = enrolled(stage, {}, der, between.der)
  assert.equal((await push(whole.request(ASKING), stage.ports)).action, 'created')
  const partly = enrolled(stage, {}, der)
  await refuses(partly.request(ASKING), stage, [push, 'MTLS-02'])
})

test('MTLS-02 names of other kinds than DNS are compared as what they are', async () => {
  const uri = 'https://app.example/client'
  const certificate = await certificateFor('app.example', {
    extensions: [
      named(
        { type: 'url', value: uri },
        { type: 'ip', value: '2001:db8::7' },
        { type: 'email', value: 'ops@app.example' },
      ),
    ],
  })
  const fitting = {
    tls_client_auth_subject_dn: 'cn=APP.example , o=example,C=de',
    tls_client_auth_san_uri: uri,
    tls_client_auth_san_ip: '2001:DB8:0::7',
    tls_client_auth_san_email: 'ops@APP.example',
  }
  const others = {
    tls_client_auth_subject_dn: 'C=DE,O=Example,CN=app.example',
    tls_client_auth_san_uri: `${uri}/`,
    tls_client_auth_san_ip: '2001:db8::8',
    tls_client_auth_san_email: 'OPS@app.example',
    tls_client_auth_san_dns: 'app.example',
  }
  const registered = (name: object): object => ({ tls_client_auth_san_dns: undefined, ...name })
  for (const [field, value] of Object.entries(fitting)) {
    const stage = stageOf()
    const app = enrolled(stage, registered({ [field]: value }), certificate.der)
    assert.equal((await push(app.request(ASKING), stage.ports)).action, 'created', field)
  }
  for (const [field, value] of Object.entries(others)) {
    const stage = stageOf()
    const app = enrolled(stage, registered({ [field]: value }), certificate.der)
    await refuses(app.request(ASKING), stage, [push, 'MTLS-02'])
  }
})

test('a transport that hands over certificates where none are taken is a bug, and nobody is let in', async () => {
  const stage = createStage()
  const app = stage.enrol(APP, stage.app.key, [own.der])
  const request = { ...app.request(ASKING), mutualTls: { chain: [own.der] } }
  await assert.rejects(push(request, stage.ports), /no endpoints for certificates/)
})
