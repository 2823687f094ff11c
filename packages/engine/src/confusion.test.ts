import {
  encryptJwt,
  importEncryptionKeys,
  importPublicJwk,
  Refused,
  verifySignature,
  decodeJwt,
} from '@signet/protocol'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { PASSWORD_ACR } from './authentication-context.ts'
import { ASSERTION_TYPE } from './client-authentication.rules.ts'
import { publishStatusLists } from './describe/status-list.ts'
import { digestOf } from './digest.ts'
import { endSession } from './flow/end-session.ts'
import { push } from './flow/push.ts'
import { forgetUser } from './flow/session-end.ts'
import { arrive } from './flow/testing/arriving.ts'
import { token } from './flow/token.ts'
import { APP, ASKING, createStage, ISSUER, type Parameters, type Stage } from './testing/index.ts'
import { signingKeyOf } from './testing/service-keys.ts'
import { introspect } from './tokens/introspect.ts'
import { revoke } from './tokens/revoke.ts'
import { asking, granted, tokenRequest } from './tokens/testing/granted.ts'
import { userinfo } from './tokens/userinfo.ts'

// Nobody has a name or a key of its own: client, API and user are called like the issuer, and all sign with one key. What is
// left to tell one JWT from another is its kind. Every JWT is made by the steps that make it for real.

/** Where client, API and server are one. */
function smallWorld(): Stage {
  const stage = createStage({
    defaultResource: ISSUER,
    resources: [{ identifier: ISSUER, introspectionClients: [ISSUER] }],
    requestObjectEncryption: ['ECDH-ES'],
  })
  const metadata = {
    ...APP,
    client_id: ISSUER,
    userinfo_signed_response_alg: 'ES256',
    backchannel_logout_uri: 'https://app.example/logout',
  }
  return { ...stage, app: stage.enrol(metadata, signingKeyOf('ES256', stage.ports.keys)) }
}

const PAR = `${ISSUER}/par`
const bySameKey = ({ app }: Stage, url: string): string => app.proof({ url, key: app.key })

/** What the client gets for a user who is called like everything else. */
function grantedTo(stage: Stage): ReturnType<typeof granted> {
  stage.addUser(ISSUER, {})
  return granted(stage, { subject: ISSUER })
}

/** A JWT of each kind. */
const KINDS: Readonly<Record<string, (stage: Stage) => Promise<string>>> = {
  'a client assertion': async ({ app }) => app.assertion(),
  'a DPoP proof': async (stage) => bySameKey(stage, PAR),
  'a request object': async ({ app }) => app.requestObject(ASKING),
  'an access token': async (stage) => (await grantedTo(stage)).access_token,
  'an access token of a client for itself': async (stage) => {
    const form = { grant_type: 'client_credentials' }
    const { response } = await token(tokenRequest(stage, stage.app, form), stage.ports)
    return response.access_token
  },
  'an ID token': async (stage) => (await grantedTo(stage)).id_token ?? '',
  'an authorization response': async (stage) => {
    const request = stage.app.request({ ...ASKING, response_mode: 'jwt', state: 's' })
    const { requestUri } = await push(request, stage.ports)
    const outcome = await arrive(stage, stage.app, requestUri)
    assert.ok(outcome.action === 'redirect')
    return new URL(outcome.location).searchParams.get('response') ?? ''
  },
  'a userinfo response': async (stage) => {
    const { access_token } = await grantedTo(stage)
    const { body } = await userinfo(asking(stage, access_token), stage.ports)
    return 'jwt' in body ? body.jwt : ''
  },
  'an introspection response': async (stage) => {
    const { access_token } = await grantedTo(stage)
    const accept = 'application/token-introspection+jwt'
    const request = { ...stage.app.request({ token: access_token }), accept }
    const { body } = await introspect(request, stage.ports)
    return 'jwt' in body ? body.jwt : ''
  },
  'a logout token': async ({ ports, clock, app }) => {
    const told: string[] = []
    const logoutNotices = {
      send: ({ logoutToken }: { readonly logoutToken: string }): void => {
        told.push(logoutToken)
      },
    }
    await ports.store.sessions.put({
      digest: digestOf('a session'),
      sid: 'sid',
      subject: ISSUER,
      authTime: clock.now(),
      acr: PASSWORD_ACR,
      amr: ['pwd'],
      clients: [app.client.id],
      expiresAt: clock.now() + 60,
    })
    const cookies = { browser: undefined, session: 'a session' }
    await forgetUser(cookies, { ...ports, logoutNotices })
    return told[0] ?? ''
  },
  'a status list': async (stage) => {
    await grantedTo(stage)
    return (await publishStatusLists(stage.ports)(0)) ?? ''
  },
}

/** Answers whether somebody is taken in. */
type Intake = (jwt: string, stage: Stage) => Promise<boolean>

async function succeeds(step: () => Promise<unknown>): Promise<boolean> {
  try {
    await step()
    return true
  } catch (error) {
    if (error instanceof Refused) return false
    throw error
  }
}

const pushing =
  (form: (jwt: string, stage: Stage) => Parameters | Promise<Parameters>): Intake =>
  async (jwt, stage) => {
    const request = stage.app.request({ ...ASKING, ...(await form(jwt, stage)) })
    return succeeds(() => push(request, stage.ports))
  }
const asAssertion = (client_assertion: string): Parameters => ({
  client_assertion_type: ASSERTION_TYPE,
  client_assertion,
})
const sealed = (jwt: string, { ports }: Stage): Promise<string> => {
  const jwks = { keys: ports.keys.decryption.map(({ publicJwk }) => publicJwk) }
  const { keys } = importEncryptionKeys(jwks)
  return encryptJwt(jwt, { alg: 'ECDH-ES', enc: 'A256GCM', keys })
}
const exchanging =
  (form: (jwt: string) => Parameters): Intake =>
  async (jwt, stage) =>
    succeeds(() => token(tokenRequest(stage, stage.app, form(jwt)), stage.ports))

/** Everywhere a JWT could come in. */
const INTAKES: Readonly<Record<string, Intake>> = {
  'client_assertion of a push': pushing(asAssertion),
  'client_assertion at the token endpoint': exchanging((jwt) => ({
    grant_type: 'client_credentials',
    ...asAssertion(jwt),
  })),
  'client_assertion of an introspection': async (jwt, { app, ports }) =>
    succeeds(() => introspect(app.request({ token: 'x', ...asAssertion(jwt) }), ports)),
  'client_assertion of a revocation': async (jwt, { app, ports }) =>
    succeeds(() => revoke(app.request({ token: 'x', ...asAssertion(jwt) }), ports)),
  request: pushing((request) => ({ request })),
  'request, encrypted': pushing(async (jwt, stage) => ({ request: await sealed(jwt, stage) })),
  'client_assertion, encrypted': pushing(async (jwt, stage) =>
    asAssertion(await sealed(jwt, stage)),
  ),
  'the DPoP header of a push': async (jwt, { app, ports }) =>
    succeeds(() => push({ ...app.request(ASKING), dpop: [jwt] }, ports)),
  'the DPoP header of a token request': async (jwt, { app, ports }) => {
    const request = app.request({ grant_type: 'client_credentials' })
    return succeeds(() => token({ ...request, dpop: [jwt] }, ports))
  },
  'the DPoP header of a request for userinfo': async (jwt, stage) => {
    const { access_token } = await grantedTo(stage)
    return succeeds(() => userinfo(asking(stage, access_token, { dpop: [jwt] }), stage.ports))
  },
  'id_token_hint of a push': pushing((id_token_hint) => ({ id_token_hint })),
  'id_token_hint, encrypted': pushing(async (jwt, stage) => ({
    id_token_hint: await sealed(jwt, stage),
  })),
  'id_token_hint in a request object': pushing((id_token_hint, { app }) => ({
    request: app.requestObject({ ...ASKING, id_token_hint }),
  })),
  'id_token_hint of a logout': async (jwt, { ports }) => {
    const query = new URLSearchParams({
      id_token_hint: jwt,
      post_logout_redirect_uri: 'https://app.example/bye',
    })
    const cookies = { browser: undefined, session: undefined }
    const outcome = await endSession({ query: String(query), cookies, confirmed: false }, ports)
    return 'location' in outcome
  },
  'the token of a request for userinfo': async (jwt, stage) =>
    succeeds(() => userinfo(asking(stage, jwt), stage.ports)),
  'the token of an introspection': async (jwt, { app, ports }) => {
    const { body } = await introspect(app.request({ token: jwt }), ports)
    return 'json' in body && body.json['active'] === true
  },
  'the token of a revocation': async (jwt, { app, ports }) => {
    const events: string[] = []
    const audit = {
      ...ports.store.audit,
      record: async ({ kind }: { readonly kind: string }): Promise<void> => void events.push(kind),
    }
    const request = app.request({ token: jwt })
    await succeeds(() => revoke(request, { ...ports, store: { ...ports.store, audit } }))
    return events.includes('revoked')
  },
  'a code': exchanging((code) => ({ grant_type: 'authorization_code', code })),
  'a refresh token': exchanging((refresh_token) => ({
    grant_type: 'refresh_token',
    refresh_token,
  })),
}

const ASSERTED = Object.keys(INTAKES).filter((name) => /^client_assertion (?:of|at)/.test(name))
const HINTED = [
  'id_token_hint of a push',
  'id_token_hint in a request object',
  'id_token_hint of a logout',
]
const SHOWN = ['the token of an introspection', 'the token of a revocation']

/** Where each kind belongs; the others belong nowhere. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  'a client assertion': ASSERTED,
  'a DPoP proof': ['the DPoP header of a push'],
  'a request object': ['request', 'request, encrypted'],
  'an access token': ['the token of a request for userinfo', ...SHOWN],
  // It has no scope openid: userinfo takes it for a token, and tells nothing.
  'an access token of a client for itself': SHOWN,
  'an ID token': HINTED,
}

for (const [kind, made] of Object.entries(KINDS)) {
  describe(`${kind}, where all have one key and one name`, () => {
    test('is signed by that key', async () => {
      const stage = smallWorld()
      const key = importPublicJwk(stage.app.key.publicJwk)
      assert.ok(verifySignature(decodeJwt(await made(stage)), key))
    })
    for (const [place, isTakenIn] of Object.entries(INTAKES)) {
      const belongs = PLACES[kind]?.includes(place) === true
      test(`JWT-09 JAR-08 ${belongs ? 'is taken' : 'is nothing'} as ${place}`, async () => {
        const stage = smallWorld()
        assert.equal(await isTakenIn(await made(stage), stage), belongs)
      })
    }
  })
}

test('JWT-09 every place takes some kind, or none for being encrypted or no JWT', () => {
  const taking = new Set(Object.values(PLACES).flat())
  assert.deepEqual(
    Object.keys(INTAKES).filter((place) => !taking.has(place)),
    [
      'client_assertion, encrypted',
      'the DPoP header of a token request',
      'the DPoP header of a request for userinfo',
      'id_token_hint, encrypted',
      'a code',
      'a refresh token',
    ],
  )
})
