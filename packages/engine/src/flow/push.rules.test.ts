import type { VerifiedProof } from '@signet/protocol'
import { proveRule } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuthorizationParameters } from '../authorization-parameters.ts'
import { ASKING, createStage, REDIRECT_URI, RESOURCE } from '../testing/index.ts'
import type { GrantType } from '../clients/client.ts'
import type { ResponseMode } from '../response-modes.ts'
import { pushRules, type Push } from './push.rules.ts'

const stage = createStage()
const { client } = stage.app

const good: Push = {
  client,
  service: stage.ports.service,
  parameters: { ...ASKING },
  by: 'form',
  proof: undefined,
  requestUriSent: false,
}

const asking = (change: AuthorizationParameters): Push => ({
  ...good,
  parameters: { ...good.parameters, ...change },
})

function without(name: keyof AuthorizationParameters): Push {
  const { [name]: _, ...parameters } = good.parameters
  return { ...good, parameters }
}

const JKT = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs'
const OTHER_JKT = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I'
const proof: VerifiedProof = { jkt: JKT, jti: 'x', iat: 0, until: 0, digest: '' }

proveRule(pushRules, 'PAR-02', {
  good,
  refuses: {
    'a request_uri, ours or not': { ...good, requestUriSent: true },
  },
})

const encryption = { alg: 'ECDH-ES', enc: 'A256GCM' } as const

proveRule(pushRules, 'MS-JAR-01', {
  good: { ...good, client: { ...client, requestObject: { required: true } }, by: 'signed' },
  refuses: {
    'a plain form of a client that has to sign': {
      ...good,
      client: { ...client, requestObject: { required: true } },
    },
  },
})

proveRule(pushRules, 'JAR-09', {
  good: {
    ...good,
    client: { ...client, requestObject: { required: false, encryption } },
    by: 'signed and encrypted',
  },
  refuses: {
    'a signed request of a client that encrypts': {
      ...good,
      client: { ...client, requestObject: { required: false, encryption } },
      by: 'signed',
    },
    'a plain form of a client that encrypts': {
      ...good,
      client: { ...client, requestObject: { required: false, encryption } },
    },
  },
})

proveRule(pushRules, 'PAR-03', {
  good,
  refuses: {
    'a client that is not registered for the code flow': {
      ...good,
      client: {
        ...client,
        grantTypes: new Set<GrantType>(['client_credentials', 'refresh_token']),
      },
    },
  },
})

proveRule(pushRules, 'SP-AZ-01', {
  good,
  refuses: {
    'a request without response_type': without('response_type'),
    'the implicit flow': asking({ response_type: 'token' }),
    'the hybrid flow': asking({ response_type: 'code id_token' }),
    'no response': asking({ response_type: 'none' }),
    'another case': asking({ response_type: 'Code' }),
    'code twice': asking({ response_type: 'code code' }),
    'a blank after it': asking({ response_type: 'code ' }),
  },
})

const answeredBy = (responseMode: ResponseMode, asked?: string): Push => ({
  ...asking(asked === undefined ? {} : { response_mode: asked }),
  client: { ...client, responseModes: new Set([responseMode]) },
})

proveRule(pushRules, 'MS-JAR-10', {
  good: asking({ response_mode: 'form_post.jwt' }),
  refuses: {
    'the fragment': asking({ response_mode: 'fragment' }),
    'the signed fragment': asking({ response_mode: 'fragment.jwt' }),
    'a mode in another case': asking({ response_mode: 'JWT' }),
    'a name of every object': asking({ response_mode: '__proto__' }),
    'a form post that the client did not register': answeredBy('query', 'form_post'),
    'a signed answer that the client did not register': answeredBy('query', 'jwt'),
    'a signed form post, of a client that registered signed queries': answeredBy(
      'query.jwt',
      'form_post.jwt',
    ),
    'the query, of a client whose answers are signed': answeredBy('jwt', 'query'),
    'no mode, which means the query, of a client whose answers are signed': answeredBy('jwt'),
  },
})

proveRule(pushRules, 'SP-AZ-05', {
  good,
  refuses: {
    'a request without code_challenge': without('code_challenge'),
    'a request without code_challenge_method, which means plain': without('code_challenge_method'),
    plain: asking({ code_challenge_method: 'plain' }),
    'S256 in another case': asking({ code_challenge_method: 's256' }),
    S512: asking({ code_challenge_method: 'S512' }),
  },
})

proveRule(pushRules, 'PKCE-06', {
  good,
  refuses: {
    'a challenge of one character': asking({ code_challenge: 'E' }),
    'a challenge of 42 characters': asking({ code_challenge: 'E'.repeat(42) }),
    'a challenge of 44 characters': asking({ code_challenge: 'E'.repeat(44) }),
    'a challenge with padding': asking({ code_challenge: `${ASKING['code_challenge'] ?? ''}=` }),
    'a challenge in hex': asking({ code_challenge: 'ab'.repeat(32) }),
    'a challenge in base64': asking({ code_challenge: `${'E'.repeat(42)}+` }),
    'a challenge of 100,000 characters': asking({ code_challenge: 'E'.repeat(100_000) }),
  },
})

proveRule(pushRules, 'SP-AZ-06', {
  good: { ...good, client: { ...client, redirectUris: [REDIRECT_URI] } },
  refuses: {
    'a request without redirect_uri': without('redirect_uri'),
    'a request without redirect_uri, though only one is registered': {
      ...without('redirect_uri'),
      client: { ...client, redirectUris: [REDIRECT_URI] },
    },
  },
})

proveRule(pushRules, 'OAU-11', {
  good: asking({ redirect_uri: `${REDIRECT_URI}?tenant=1` }),
  refuses: {
    'another host': asking({ redirect_uri: 'https://evil.example/callback' }),
    'another path': asking({ redirect_uri: `${REDIRECT_URI}/x` }),
    'a path that begins alike': asking({ redirect_uri: `${REDIRECT_URI}s` }),
    'a slash added': asking({ redirect_uri: `${REDIRECT_URI}/` }),
    'a query added': asking({ redirect_uri: `${REDIRECT_URI}?a=b` }),
    'an empty query added': asking({ redirect_uri: `${REDIRECT_URI}?` }),
    'a registered query with something after it': asking({
      redirect_uri: `${REDIRECT_URI}?tenant=1&x=1`,
    }),
    'a fragment added': asking({ redirect_uri: `${REDIRECT_URI}#` }),
    'the host in capitals': asking({ redirect_uri: REDIRECT_URI.replace('app.', 'APP.') }),
    'the default port': asking({ redirect_uri: REDIRECT_URI.replace('example', 'example:443') }),
    'a dot segment': asking({ redirect_uri: REDIRECT_URI.replace('/callback', '/./callback') }),
    'an escape of what needs none': asking({ redirect_uri: REDIRECT_URI.replace('b', '%62') }),
    'http (SP-AZ-08)': asking({ redirect_uri: REDIRECT_URI.replace('https', 'http') }),
    'a blank after it': asking({ redirect_uri: `${REDIRECT_URI} ` }),
    'a URI of 100,000 characters': asking({ redirect_uri: REDIRECT_URI + 'x'.repeat(100_000) }),
  },
})

test('SP-AZ-08 no answer goes over http, because no such redirect_uri can be registered', () => {
  const enrolling = (uri: string) => () =>
    stage.enrol({ client_id: 'web', redirect_uris: [uri], scope: 'openid' })
  assert.throws(enrolling('http://web.example/cb'), /SP-AZ-08/)
  assert.throws(enrolling('http://localhost/cb'), /SP-AZ-08/)
})

proveRule(pushRules, 'SP-AS-14', {
  good: asking({ scope: ' payments  openid openid' }),
  refuses: {
    'a scope nobody declared': asking({ scope: 'openid admin' }),
    'a scope the client is not registered for': {
      ...asking({ scope: 'openid payments' }),
      client: { ...client, scopes: new Set(['openid']) },
    },
    'a scope the service no longer has': {
      ...asking({ scope: 'payments' }),
      service: { ...stage.ports.service, scopes: {} },
    },
    'a name of every object': asking({ scope: '__proto__' }),
    'a name of every object, though the client be registered for it': {
      ...asking({ scope: 'constructor' }),
      client: { ...client, scopes: new Set(['constructor']) },
    },
    'scopes that are separated by a tab': asking({ scope: 'openid\tpayments' }),
    '1,000 scopes nobody declared': asking({
      scope: Array.from({ length: 1_000 }, (_, index) => index.toString(36)).join(' '),
    }),
  },
})

proveRule(pushRules, 'SP-AZ-14', {
  good: asking({ nonce: 'n'.repeat(1_024) }),
  refuses: {
    'a nonce of 1,025 characters': asking({ nonce: 'n'.repeat(1_025) }),
    'a nonce of 100,000 characters': asking({ nonce: 'n'.repeat(100_000) }),
  },
})

proveRule(pushRules, 'SP-AZ-16', {
  good: asking({ state: 's'.repeat(8_192) }),
  refuses: {
    'a state of 8,193 characters': asking({ state: 's'.repeat(8_193) }),
    'a state of 100,000 characters': asking({ state: 's'.repeat(100_000) }),
  },
})

proveRule(pushRules, 'OAU-05', {
  good: asking({ login_hint: 'h'.repeat(4_096), ui_locales: 'de en', acr_values: 'a b' }),
  refuses: {
    'a scope that repeats itself 10,000 times': asking({ scope: 'openid '.repeat(10_000) }),
    'a login_hint of 100,000 characters': asking({ login_hint: 'h'.repeat(100_000) }),
    'acr_values of 100,000 characters': asking({ acr_values: 'a '.repeat(50_000) }),
    'ui_locales of 4,097 characters': asking({ ui_locales: 'd'.repeat(4_097) }),
  },
})

proveRule(pushRules, 'DPOP-JKT-01', {
  good: asking({ dpop_jkt: JKT }),
  refuses: {
    'a dpop_jkt of 42 characters': asking({ dpop_jkt: JKT.slice(1) }),
    'a dpop_jkt with padding': asking({ dpop_jkt: `${JKT}=` }),
    'a dpop_jkt in hex': asking({ dpop_jkt: 'ab'.repeat(32) }),
    'a malformed dpop_jkt beside a proof': { ...asking({ dpop_jkt: 'x' }), proof },
    'a dpop_jkt of 100,000 characters': asking({ dpop_jkt: 'a'.repeat(100_000) }),
  },
})

proveRule(pushRules, 'DPOP-JKT-03', {
  good: { ...asking({ dpop_jkt: JKT }), proof },
  refuses: { 'the thumbprint of another key': { ...asking({ dpop_jkt: OTHER_JKT }), proof } },
})

const certified: Push = { ...good, client: { ...client, senderConstraint: 'mtls' } }

proveRule(pushRules, 'MTLS-07', {
  good: certified,
  refuses: {
    'a DPoP header of a client whose tokens are bound to its certificate': { ...certified, proof },
    'a dpop_jkt of a client whose tokens are bound to its certificate': {
      ...certified,
      parameters: { ...good.parameters, dpop_jkt: JKT },
    },
    'both, of a client whose tokens are bound to its certificate': {
      ...certified,
      proof,
      parameters: { ...good.parameters, dpop_jkt: JKT },
    },
  },
})

proveRule(pushRules, 'OIDC-10', {
  good: asking({ prompt: 'login consent login', max_age: '0' }),
  refuses: {
    'none beside login': asking({ prompt: 'none login' }),
    'login beside none': asking({ prompt: 'consent none' }),
    'an unknown prompt': asking({ prompt: 'create' }),
    'a prompt in another case': asking({ prompt: 'None' }),
    'prompts that are separated by a comma': asking({ prompt: 'login,consent' }),
    'a name of every object as prompt': asking({ prompt: '__proto__' }),
    ...Object.fromEntries(
      [
        '-1',
        '+1',
        '1.5',
        '1e3',
        '0x10',
        ' 1',
        '1 ',
        '1\n',
        'NaN',
        'Infinity',
        '1'.repeat(10),
        '٣',
      ].map((max_age) => [`max_age ${JSON.stringify(max_age)}`, asking({ max_age })]),
    ),
  },
})

for (const prompt of ['none', 'login', 'consent', 'select_account', 'none none', ' none ', ' ']) {
  test(`OIDC-10 takes prompt ${JSON.stringify(prompt)}`, () => {
    for (const rule of pushRules) assert.ok(rule.holds(asking({ prompt })), rule.id)
  })
}

proveRule(pushRules, 'OIDC-13', {
  good: asking({ claims: '{"userinfo":{"whatever":null},"unknown":1}' }),
  refuses: {
    'claims that are no JSON': asking({ claims: '{userinfo}' }),
    'claims that are an array': asking({ claims: '[]' }),
    '60,000 nested arrays': asking({ claims: `{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}` }),
    '100,000 characters': asking({ claims: `{"a":"${'x'.repeat(100_000)}"}` }),
  },
})

proveRule(pushRules, 'RES-01', {
  good: asking({ resource: [RESOURCE, 'https://other.example/api'] }),
  refuses: {
    'an unknown resource': asking({ resource: ['https://evil.example'] }),
    'an unknown resource beside a known one': asking({ resource: [RESOURCE, 'https://x.example'] }),
    'a slash added': asking({ resource: [`${RESOURCE}/`] }),
    'a fragment': asking({ resource: [`${RESOURCE}#a`] }),
    'a relative URI': asking({ resource: ['api'] }),
    'the host in capitals': asking({ resource: ['https://API.example'] }),
    'a name of every object': asking({ resource: ['__proto__'] }),
    '1,000 unknown resources': asking({
      resource: Array.from({ length: 1_000 }, (_, index) => `https://a${index}.example`),
    }),
  },
})

test('OAU-05 no rule tells the caller anything but printable ASCII without quotes and backslashes', () => {
  for (const { id, otherwise } of pushRules) {
    assert.match(otherwise.description, /^[\x20\x21\x23-\x5B\x5D-\x7E]+$/, id)
  }
})
