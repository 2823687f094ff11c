import {
  CONTENT_ENCRYPTION,
  decodeJwt,
  decryptJwt,
  generateEncryptionKey,
  generateSigningKey,
  importEncryptionKeys,
  KEY_MANAGEMENT,
  verifySignature,
  verificationKeyOf,
  type EncryptionKey,
  type JsonObject,
} from '@signet/protocol'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { AcceptedParameters } from '../authorization-parameters.ts'
import type { Client } from '../clients/client.ts'
import type { ResponseMode } from '../response-modes.ts'
import { APP, ASKING, createStage, type Stage } from '../testing/index.ts'
import { push } from './push.ts'
import { arrive } from './testing/arriving.ts'
import { Browser, type Answers } from './testing/browser.ts'
import {
  allowed,
  app,
  CALLBACK,
  createScene,
  ISSUER,
  pushed,
  sessionIn,
  type Scene,
} from './testing/scene.ts'

type Outcome = Answers['begin'] | Answers['complete'] | Answers['interaction']
type Fields = readonly (readonly [name: string, value: string])[]

/** What the client gets, and where; nothing of what its own URI says already. */
function received(outcome: Outcome): Fields {
  if (outcome.action === 'form-post') {
    assert.equal(outcome.redirectUri, CALLBACK)
    return outcome.fields
  }
  assert.ok(outcome.action === 'redirect', JSON.stringify(outcome))
  assert.ok(outcome.location.startsWith(`${CALLBACK}&`), outcome.location)
  assert.equal(new URL(outcome.location).hash, '')
  return [...new URLSearchParams(outcome.location.slice(CALLBACK.length + 1))]
}

interface Ending {
  /** What the request asks for beside its response mode. */
  readonly asked?: Partial<AcceptedParameters>
  /** What the client has lost since it pushed. */
  readonly since?: Partial<Client>
  readonly end: (scene: Scene, requestUri: string) => Promise<Outcome>
  /** The error of the answer; none: a code. */
  readonly error?: string
}

const atArrival: Ending['end'] = async (scene, requestUri) => {
  await allowed(scene)
  return new Browser(scene.ports, await sessionIn(scene)).arrive(requestUri)
}
const withoutSession: Ending['end'] = ({ ports }, requestUri) =>
  new Browser(ports).arrive(requestUri)
const byUser =
  (decision: 'approve' | 'cancel'): Ending['end'] =>
  async (scene, requestUri) => {
    const browser = new Browser(scene.ports, await sessionIn(scene))
    return browser.decide(await browser.enter(requestUri), decision)
  }

/** Every way for a request to end with an answer to the client. */
const ENDINGS: Readonly<Record<string, Ending>> = {
  'a code at once': { end: atArrival },
  'a code after consent': { end: byUser('approve') },
  'a code after login and consent from before': {
    end: async (scene, requestUri) => {
      await allowed(scene)
      const browser = new Browser(scene.ports)
      const id = await browser.enter(requestUri)
      await browser.logIn(id)
      return browser.see(id)
    },
  },
  'the user declining': { end: byUser('cancel'), error: 'access_denied' },
  'nobody being logged in': {
    asked: { prompt: 'none' },
    end: withoutSession,
    error: 'login_required',
  },
  'nobody having consented': {
    asked: { prompt: 'none' },
    end: async (scene, requestUri) =>
      new Browser(scene.ports, await sessionIn(scene)).arrive(requestUri),
    error: 'consent_required',
  },
  'a login that is too old': {
    asked: { prompt: 'none', max_age: '10' },
    end: atArrival,
    error: 'login_required',
  },
  'a login of another kind': {
    asked: { claims: '{"id_token":{"acr":{"essential":true,"value":"urn:other"}}}' },
    end: atArrival,
    error: 'unmet_authentication_requirements',
  },
  'a grant that the client has lost': {
    since: { grantTypes: new Set(['client_credentials']) },
    end: atArrival,
    error: 'unauthorized_client',
  },
  'a scope that the client has lost': {
    since: { scopes: new Set(['openid']) },
    end: atArrival,
    error: 'invalid_scope',
  },
}

async function begun(
  scene: Scene,
  { asked, since }: Ending,
  mode: ResponseMode | undefined,
): Promise<string> {
  const requestUri = await pushed(scene, { ...asked, ...(mode && { response_mode: mode }) })
  const registered = scene.clients.get(app.id) ?? app
  scene.clients.set(app.id, { ...registered, ...since })
  return requestUri
}

async function ended(
  scene: Scene,
  ending: Ending,
  mode: ResponseMode | undefined,
): Promise<Outcome> {
  return ending.end(scene, await begun(scene, ending, mode))
}

/** Asserts that a person is told, and nobody else, that the client has no key. */
async function assertNoKey(outcome: Outcome, { store }: Scene): Promise<void> {
  assert.ok(outcome.action === 'page', JSON.stringify(outcome))
  assert.equal(outcome.kind, 'client')
  assert.deepEqual(Object.keys(outcome), ['action', 'kind', 'refusal', 'eventId'])
  const event = await store.audit.find(outcome.eventId)
  assert.equal(event?.evidence?.reason, 'client_encryption_key_missing')
  assert.match(event.evidence.expected, /ECDH-ES/)
}

/** The claims of a response that our key has signed. */
function signedBy({ key }: Scene, response: string): JsonObject {
  const jwt = decodeJwt(response)
  assert.ok(verifySignature(jwt, verificationKeyOf(key)))
  assert.equal(jwt.header.kid, key.kid)
  assert.equal(jwt.header.typ, 'JWT')
  return jwt.claims
}

/** What must be in a response, and nothing else. */
function assertClaims(claims: JsonObject, { clock }: Scene, error: string | undefined): void {
  const { iss, aud, exp, state, ...told } = claims
  assert.deepEqual({ iss, aud, state }, { iss: ISSUER, aud: app.id, state: 'the state' })
  assert.ok(typeof exp === 'number' && exp > clock.now() && exp <= clock.now() + 600)
  if (error === undefined) {
    assert.deepEqual(Object.keys(told), ['code'])
    return
  }
  assert.deepEqual(Object.keys(told), ['error', 'error_description', 'error_uri'])
  assert.equal(told['error'], error)
}

/** What the client reads its answers with. */
const reader = generateEncryptionKey('ECDH-ES')
const KEYS = importEncryptionKeys({ keys: [reader.publicJwk] }).keys

const SIGNED_MODES = ['jwt', 'query.jwt', 'form_post.jwt'] as const

for (const [title, ending] of Object.entries(ENDINGS)) {
  describe(`a request that ends with ${title}`, () => {
    for (const mode of SIGNED_MODES) {
      test(`JARM-01 JARM-07 MS-JARM-01 MS-JARM-02 is answered in one signed JWT, and by nothing beside it (${mode})`, async () => {
        const scene = createScene()
        const outcome = await ended(scene, ending, mode)
        const [[name, response] = ['', ''], ...others] = received(outcome)
        assert.deepEqual([name, others], ['response', []])
        assertClaims(signedBy(scene, response), scene, ending.error)
        assert.equal(outcome.action, mode === 'form_post.jwt' ? 'form-post' : 'redirect')
        assert.equal('eventId' in outcome, ending.error !== undefined)
      })
    }

    test('JARM-03 jwt and query.jwt are one: a parameter of the query', async () => {
      const names = await Promise.all(
        (['jwt', 'query.jwt'] as const).map(async (mode) => {
          const outcome = await ended(createScene(), ending, mode)
          assert.ok(outcome.action === 'redirect')
          return received(outcome).map(([name]) => name)
        }),
      )
      assert.deepEqual(names, [['response'], ['response']])
    })

    test('MS-JAR-10 is posted in plain fields where that was asked for, with iss; no key is needed then', async () => {
      const keyless = withEncryption(createScene(), () => [])
      const outcome = await ended(keyless, ending, 'form_post')
      assert.equal(outcome.action, 'form-post')
      const { state, iss, ...told } = Object.fromEntries(received(outcome))
      assert.deepEqual([state, iss], ['the state', ISSUER])
      assert.deepEqual(
        Object.keys(told),
        ending.error === undefined ? ['code'] : ['error', 'error_description', 'error_uri'],
      )
    })

    test('JARM-06 is encrypted for a client that registered so, and only it can read it', async () => {
      const scene = createScene()
      const encrypting = withEncryption(scene, () => KEYS)
      const outcome = await ended(encrypting, ending, 'jwt')
      const [[name, response] = ['', ''], ...others] = received(outcome)
      assert.deepEqual([name, others], ['response', []])
      assert.equal(response.split('.').length, 5)
      await assert.rejects(decryptJwt(response, [generateEncryptionKey('ECDH-ES')]))
      assertClaims(signedBy(scene, await decryptJwt(response, [reader])), scene, ending.error)
    })

    test('JARM-06 does not end while the client has no key to encrypt to: the browser is shown a page', async () => {
      const wrong = generateEncryptionKey('RSA-OAEP-256').publicJwk
      for (const lacking of [[], importEncryptionKeys({ keys: [wrong] }).keys]) {
        for (const mode of SIGNED_MODES) {
          let keys: readonly EncryptionKey[] = lacking
          const scene = withEncryption(createScene(), () => keys)
          const requestUri = await begun(scene, ending, mode)
          await assertNoKey(await withoutSession(scene, requestUri), scene)
          keys = KEYS
          const [[name] = ['']] = received(await ending.end(scene, requestUri))
          assert.equal(name, 'response')
        }
      }
    })

    test('JARM-06 is a page, and no plain text, when the key is gone in the last moment', async () => {
      let asked = 0
      let last = Infinity
      const scene = (): Scene => {
        asked = 0
        return withEncryption(createScene(), () => (++asked < last ? KEYS : []))
      }
      await ended(scene(), ending, 'jwt')
      last = asked
      const losing = scene()
      await assertNoKey(await ended(losing, ending, 'jwt'), losing)
    })
  })
}

describe('a client that loses its key while the user decides', () => {
  for (const decision of ['approve', 'cancel'] as const) {
    test(`JARM-06 gets its answer when it has a key again, and the user decides again (${decision})`, async () => {
      let keys = KEYS
      const scene = withEncryption(createScene(), () => keys)
      const requestUri = await pushed(scene, { response_mode: 'jwt' })
      const browser = new Browser(scene.ports, await sessionIn(scene))
      const id = await browser.enter(requestUri)
      keys = []
      await assertNoKey(await browser.decide(id, decision), scene)
      await assertNoKey(await browser.see(id), scene)
      assert.equal(scene.calls.includes('pushedRequests.claim'), false)
      keys = KEYS
      const [[name] = ['']] = received(await browser.decide(id, decision))
      assert.equal(name, 'response')
    })
  }
})

/** A scene whose app wants its answers encrypted, to the keys it has at the time. */
function withEncryption(scene: Scene, keys: () => readonly EncryptionKey[]): Scene {
  const encryption = { alg: 'ECDH-ES', enc: 'A256GCM' } as const
  scene.clients.set(app.id, {
    ...app,
    authorizationResponse: { algorithm: 'ES256', encryption },
  })
  const clients = { ...scene.ports.clients, encryptionKeys: async () => keys() }
  return { ...scene, ports: { ...scene.ports, clients } }
}

describe('a signed answer', () => {
  test('JARM-01 has no state where none was sent', async () => {
    const scene = createScene()
    const { state: _, ...stateless } = {
      state: '',
      redirect_uri: CALLBACK,
      scope: 'openid accounts',
      code_challenge: ASKING['code_challenge'] ?? '',
      response_mode: 'jwt' as const,
    }
    const requestUri = await pushed(scene, undefined, { parameters: stateless })
    const [[, response] = ['', '']] = received(await atArrival(scene, requestUri))
    assert.deepEqual(Object.keys(signedBy(scene, response)), ['code', 'iss', 'aud', 'exp'])
  })

  test('OAU-12 returns any state exactly as it came', async () => {
    for (const state of [' "\\<>&%20+ä😀\u0000', 's'.repeat(8_192), '{"iss":"https://evil"}']) {
      const scene = createScene()
      const requestUri = await pushed(scene, { state, response_mode: 'form_post.jwt' })
      const [[, response] = ['', '']] = received(await atArrival(scene, requestUri))
      const claims = signedBy(scene, response)
      assert.equal(claims['state'], state)
      assert.equal(claims['iss'], ISSUER)
    }
  })

  test('PAR-13 MS-JARM-01 is not given plain because the client had another registration at the push', async () => {
    const since = { responseModes: new Set<ResponseMode>(['jwt']) }
    for (const mode of [undefined, 'query', 'form_post'] as const) {
      const scene = createScene()
      const outcome = await ended(scene, { since, end: atArrival }, mode)
      assert.ok(outcome.action === 'page' && outcome.kind === 'client')
      assert.equal(scene.calls.includes('codes.put'), false)
    }
  })

  test('a page is shown to a person, and not signed for anybody, where there is no client to answer', async () => {
    const scene = createScene()
    const outcome = await new Browser(scene.ports).arrive('urn:ietf:params:oauth:request_uri:x')
    assert.equal(outcome.action, 'page')
  })
})

describe('the algorithms of a signed answer', () => {
  const answered = async (stage: Stage): Promise<string> => {
    const request = stage.app.request({ ...ASKING, response_mode: 'jwt' })
    const { requestUri } = await push(request, stage.ports)
    const outcome = await arrive(stage, stage.app, requestUri)
    assert.ok(outcome.action === 'redirect', JSON.stringify(outcome))
    return new URL(outcome.location).searchParams.get('response') ?? ''
  }
  const stageWith = (change: object): Stage => {
    const stage = createStage()
    return { ...stage, app: stage.enrol({ ...APP, ...change }, stage.app.key) }
  }

  test('JARM-02 are those the client registered, or ours; RS256 and none are not among them', async () => {
    for (const [alg, expected] of [
      [undefined, 'ES256'],
      ['ES256', 'ES256'],
      ['EdDSA', 'EdDSA'],
      ['Ed25519', 'Ed25519'],
    ] as const) {
      const stage = stageWith(alg === undefined ? {} : { authorization_signed_response_alg: alg })
      const jwt = decodeJwt(await answered(stage))
      assert.equal(jwt.header.alg, expected)
      const { published } = stage.ports.keys
      assert.ok(published.some((key) => key.kid === jwt.header.kid && verifySignature(jwt, key)))
    }
    for (const alg of ['RS256', 'none', 'HS256'])
      assert.throws(() => stageWith({ authorization_signed_response_alg: alg }))
  })

  for (const alg of KEY_MANAGEMENT) {
    for (const enc of CONTENT_ENCRYPTION) {
      test(`JARM-06 may be ${alg} with ${enc} around the signature`, async () => {
        const key = generateEncryptionKey(alg === 'RSA-OAEP-256' ? alg : 'ECDH-ES')
        const jwks = { keys: [createStage().app.key.publicJwk, key.publicJwk] }
        const stage = stageWith({
          jwks,
          authorization_encrypted_response_alg: alg,
          authorization_encrypted_response_enc: enc,
        })
        const response = await answered(stage)
        const [head = ''] = response.split('.')
        const header: unknown = JSON.parse(Buffer.from(head, 'base64url').toString())
        assert.ok(typeof header === 'object' && header !== null)
        const { alg: named, enc: by, kid, cty } = { alg: '', enc: '', kid: '', cty: '', ...header }
        assert.deepEqual({ named, by, kid, cty }, { named: alg, by: enc, kid: key.kid, cty: 'JWT' })
        const { claims } = decodeJwt(await decryptJwt(response, [key]))
        assert.equal(claims['aud'], 'app')
      })
    }
  }

  test('JARM-06 a key that is for signatures is not encrypted to', async () => {
    const stage = stageWith({})
    const { publicJwk } = generateSigningKey('ES256')
    assert.throws(() =>
      stage.enrol({
        ...APP,
        jwks: { keys: [publicJwk] },
        authorization_encrypted_response_alg: 'ECDH-ES',
      }),
    )
  })
})
