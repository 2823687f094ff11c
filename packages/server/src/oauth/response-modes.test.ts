import { decodeJwt } from '@signet/protocol'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { cookieHeader, type Received } from '../testing/exchange.ts'
import { ISSUER, PASSWORD, pathIn, push, REDIRECT_URI, startRig, type Rig } from '../testing/rig.ts'

let rig: Rig
before(async () => {
  rig = await startRig()
})
after(() => rig.server.close())

/** What the browser is answered when the user has approved. */
async function approved(asked: Readonly<Record<string, string>>): Promise<Received> {
  const arrived = await rig.get(await push(rig, { ...asked, prompt: 'consent' }))
  const place = pathIn(arrived)
  const alice = { username: 'alice', password: PASSWORD }
  const loggedIn = await rig.post(`${place}/login`, alice, { cookie: cookieHeader(arrived) })
  const cookie = cookieHeader(arrived, loggedIn)
  const page = await rig.get(place, { cookie })
  const action = /action="([^"]*consent[^"]*)"/.exec(page.body)?.[1]?.replaceAll('&amp;', '&')
  return rig.post(action ?? '', { decision: 'approve' }, { cookie })
}

/** The fields a browser would post, and where to. */
function formIn({ body }: Received): { readonly action: string; readonly fields: object } {
  const [, action = ''] = /<form id="form"[^>]* action="([^"]*)"/.exec(body) ?? []
  const inputs = body.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)
  return { action, fields: Object.fromEntries([...inputs].map(([, name, value]) => [name, value])) }
}

function assertPage({ status, headers, body }: Received): void {
  assert.equal(status, 200)
  assert.equal(headers['content-type'], 'text/html; charset=utf-8')
  assert.equal(headers['cache-control'], 'no-store')
  assert.equal(headers['referrer-policy'], 'no-referrer')
  assert.equal(headers['x-frame-options'], 'DENY')
  const [, script = ''] = /<script>([^<]*)<\/script>/.exec(body) ?? []
  const digest = createHash('sha256').update(script).digest('base64')
  const policy = String(headers['content-security-policy']).split('; ')
  for (const directive of [
    "default-src 'none'",
    `script-src 'sha256-${digest}'`,
    "form-action 'self' https://app.example",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ]) {
    assert.ok(policy.includes(directive), directive)
  }
  assert.equal(body.match(/<script/g)?.length, 1)
}

describe('a response in a form', () => {
  test('OAU-04 goes to the redirect URI with code, state and issuer, and nothing else', async () => {
    const answer = await approved({ response_mode: 'form_post' })
    assertPage(answer)
    const { action, fields } = formIn(answer)
    assert.equal(action, REDIRECT_URI)
    assert.deepEqual(Object.keys(fields).toSorted(), ['code', 'iss', 'state'])
    assert.partialDeepStrictEqual(fields, { state: 'st', iss: ISSUER })
  })

  test('MS-JARM-01 holds one JWT and nothing beside it where it is to be signed', async () => {
    const answer = await approved({ response_mode: 'form_post.jwt' })
    assertPage(answer)
    const { action, fields } = formIn(answer)
    assert.equal(action, REDIRECT_URI)
    assert.deepEqual(Object.keys(fields), ['response'])
    const { claims } = decodeJwt(String(Object.values(fields)[0]))
    assert.partialDeepStrictEqual(claims, { iss: ISSUER, aud: 'app', state: 'st' })
  })

  test('OAU-05 tells of an error in the same way, without a login', async () => {
    const asked = { response_mode: 'form_post', prompt: 'none' }
    const answer = await rig.get(await push(rig, asked))
    assertPage(answer)
    assert.partialDeepStrictEqual(formIn(answer).fields, { error: 'login_required', state: 'st' })
  })

  test('JARM-07 tells of an error in a JWT where it is to be signed', async () => {
    const asked = { response_mode: 'form_post.jwt', prompt: 'none' }
    const answer = await rig.get(await push(rig, asked))
    assertPage(answer)
    const { fields } = formIn(answer)
    assert.deepEqual(Object.keys(fields), ['response'])
    const { claims } = decodeJwt(String(Object.values(fields)[0]))
    assert.partialDeepStrictEqual(claims, { aud: 'app', error: 'login_required', state: 'st' })
  })

  test('OAU-05 tells of a cancelled login in the same way', async () => {
    const arrived = await rig.get(await push(rig, { response_mode: 'form_post' }))
    const cookie = cookieHeader(arrived)
    const answer = await rig.post(`${pathIn(arrived)}/cancel`, {}, { cookie })
    assertPage(answer)
    assert.partialDeepStrictEqual(formIn(answer).fields, { error: 'access_denied', state: 'st' })
  })

  test('BCP-10 brings back a state from outside as text, whatever it looks like', async () => {
    const state = `"><script>alert(1)</script>&'`
    const answer = await rig.get(
      await push(rig, { response_mode: 'form_post', prompt: 'none', state }),
    )
    assertPage(answer)
    assert.partialDeepStrictEqual(formIn(answer).fields, {
      state: '&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;&#39;',
    })
  })

  test('speaks the language of the browser', async () => {
    const path = await push(rig, { response_mode: 'form_post', prompt: 'none' })
    const { body } = await rig.get(path, { 'accept-language': 'de' })
    assert.match(body, /<button id="continue"[^>]*>Weiter<\/button>/)
  })
})

describe('a response in a query', () => {
  for (const mode of ['jwt', 'query.jwt']) {
    test(`JARM-03 ${mode} is a 303 with one JWT`, async () => {
      const { status, headers } = await approved({ response_mode: mode })
      assert.equal(status, 303)
      const { searchParams, origin, pathname } = new URL(headers.location ?? '')
      assert.equal(origin + pathname, REDIRECT_URI)
      assert.deepEqual([...searchParams.keys()], ['response'])
    })
  }

  test('the fragment is no way to send a response', async () => {
    const answer = await rig.post('/par', {
      ...rig.credentials(),
      response_type: 'code',
      redirect_uri: REDIRECT_URI,
      response_mode: 'fragment.jwt',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    })
    assert.equal(answer.status, 400)
  })
})
