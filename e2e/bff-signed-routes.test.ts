import { exportPrivateJwk, generateSigningKey } from '@signet/protocol'
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { Browser } from './flow/browser.ts'
import { AppBrowser } from './testing/app-browser.ts'
import { serveBffSite, type BffSite } from './testing/bff-site.ts'
import { json } from './testing/https.ts'
import { passThrough } from './testing/peer.ts'
import { serveSignedApi, type SignedApi } from './testing/signed-api.ts'

const RESOURCE = 'https://api.example'
const CLIENT = 'signer'

const clientKey = generateSigningKey('PS256')
const responseKey = generateSigningKey('Ed25519')
const otherKey = generateSigningKey('Ed25519')

const SIGNED = { token: 'user', signed_request: true, signed_response: true }

let site: BffSite
let api: SignedApi
let app: AppBrowser

before(async () => {
  site = await serveBffSite(RESOURCE, {
    settings: () => ({}),
    clients: [{ client_id: CLIENT, jwks: { keys: [clientKey.publicJwk] } }],
  })
  api = await serveSignedApi({
    issuer: site.issuer,
    resource: RESOURCE,
    responseKey,
    clientKeys: { [CLIENT]: clientKey.publicJwk },
  })
  await site.bff.stop()
  site.write('own.jwk', JSON.stringify(exportPrivateJwk(clientKey)))
  site.configure({
    client: { client_id: CLIENT, key_files: ['own.jwk'] },
    frontends: [
      { name: 'spa', public_origin: site.app, scopes: ['openid', 'accounts'], routes: routes() },
    ],
  })
  await site.bff.start()
  app = await logIn()
})
after(async () => {
  await site.close()
  await api.close()
})

/** One where both sides agree, one that trusts another key, and one that forgets to sign. */
const routes = (): readonly object[] => {
  const target = `${api.origin}/`
  const response_keys = { jwks_uri: `${api.origin}/jwks` }
  return [
    { match: '/api/', target, ...SIGNED, response_keys },
    {
      match: '/other/',
      target,
      ...SIGNED,
      response_keys: { jwks: { keys: [otherKey.publicJwk] } },
    },
    { match: '/unsigned/', target, ...SIGNED, signed_request: false, response_keys },
  ]
}

async function logIn(): Promise<AppBrowser> {
  const browser = new AppBrowser(site.app)
  const begun = await browser.open('/bff/login?returnUrl=/')
  const link = new URL(begun.headers.location ?? '')
  const back = await passThrough(new Browser(site.issuer), link)
  assert.equal((await browser.open(back, 'cross-site')).status, 200)
  return browser
}

const pay = (path: string, body = '{ "amount":  1 }'): ReturnType<AppBrowser['call']> =>
  app.call(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body })

/** The log of a process comes when it comes. */
async function logged(reason: string): Promise<void> {
  const line = `"where":"response","reason":"${reason}"`
  while (!site.bff.output().includes(line)) await setTimeout(10)
}

describe('a BFF and a guard that sign what they tell each other', { timeout: 60_000 }, () => {
  test('HS-CL-01 HS-CL-03 HS-CL-04 HS-CL-05 agree, nonce and all, about every byte', async () => {
    const answer = await pay('/api/payments?to=%C3%A4&x')
    assert.deepEqual([answer.status, json(answer)], [201, { done: 1 }], site.bff.output())
    assert.deepEqual((await app.call('/api/payments?')).status, 201)
    assert.deepEqual(api.bodies, ['{ "amount":  1 }', ''])
    assert.deepEqual(
      api.refusals.map(({ reason }) => reason),
      ['dpop_nonce'],
    )
  })

  test('HS-CL-05 an answer that was changed on the way does not come through', async () => {
    api.between = (body) => Buffer.from(body.toString().replace('done', 'lost'))
    const answer = await pay('/api/payments')
    api.between = (body) => body
    assert.deepEqual([answer.status, json(answer)['code']], [502, 'response_signature_invalid'])
    assert.ok(!answer.body.includes('lost'))
    await logged('response_content_digest')
  })

  test('HS-CL-05 an API with another key is not believed', async () => {
    const answer = await pay('/other/payments')
    assert.deepEqual([answer.status, json(answer)['code']], [502, 'response_signature_invalid'])
    await logged('response_signature_invalid')
  })

  test('HS-CL-01 a call that is not signed is refused, and that is believed', async () => {
    const { status } = await pay('/unsigned/payments')
    assert.equal(status, 401)
    assert.equal(api.refusals.at(-1)?.reason, 'request_signature_unreadable')
  })
})
