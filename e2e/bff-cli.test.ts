import { accessTokenHash, decodeJwt } from '@signet/protocol'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Browser } from './flow/browser.ts'
import { AppBrowser } from './testing/app-browser.ts'
import { serveBffSite, type BffSite } from './testing/bff-site.ts'
import { signet } from './testing/cli.ts'
import { json, post, type Answer } from './testing/https.ts'
import { passThrough } from './testing/peer.ts'
import { TinyApi } from './testing/tiny-api.ts'

let api: TinyApi
let site: BffSite
before(async () => {
  api = await new TinyApi().listen()
  site = await serveBffSite(api.origin)
})
after(async () => {
  await site.close()
  api.close()
})

/** A person at both: in the app, and at the authorization server. */
interface Person {
  readonly app: AppBrowser
  readonly server: Browser
}

async function logIn(returnUrl = '/accounts'): Promise<Person> {
  const app = new AppBrowser(site.app)
  const server = new Browser(site.issuer)
  const begun = await app.open(`/bff/login?returnUrl=${encodeURIComponent(returnUrl)}`)
  assert.equal(begun.status, 303, begun.body)
  const link = new URL(begun.headers.location ?? '')
  assert.deepEqual([...link.searchParams.keys()].toSorted(), ['client_id', 'request_uri'])
  const back = await passThrough(server, link)
  const arrived = await app.open(back, 'cross-site')
  assert.equal(arrived.status, 200, arrived.body)
  return { app, server }
}

async function isLoggedIn({ app }: Person): Promise<boolean> {
  const { authenticated } = json(await app.call('/bff/user?slide=false'))
  return authenticated === true
}

async function managed(path: string): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await fetch(site.management + path)
  return { status: answer.status, text: await answer.text() }
}

/** What a counter or gauge says now. */
async function metric(series: string): Promise<number> {
  const { text } = await managed('/metrics')
  const line = text.split('\n').find((each) => each.startsWith(`${series} `))
  return line === undefined ? 0 : Number(line.slice(series.length + 1))
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const giveUp = AbortSignal.timeout(15_000)
  while (!(await holds())) {
    giveUp.throwIfAborted()
    await pause(25)
  }
}

describe('a BFF that was started from the command line', () => {
  let person: Person

  test('BFF-01 BFF-02 logs a person in, tells the app who it is, and shows it no token', async () => {
    person = await logIn()
    const answer = await person.app.call('/bff/user')
    const { authenticated, claims, sessionExpiresAt } = json(answer)
    assert.equal(authenticated, true)
    assert.equal(Object(claims).name, 'Alice Example')
    assert.ok(Number(sessionExpiresAt) > Date.now() / 1_000)
    assert.doesNotMatch(answer.body, /eyJ/)
  })

  test('BFF-02 brings a call to the API with a proof for this very call, and no cookie either way', async () => {
    const answer = await person.app.call('/api/balance?of=1')
    assert.deepEqual(json(answer), { path: '/v1/balance?of=1' })
    assert.equal(answer.headers['set-cookie'], undefined)
    const { headers } = api.reached.at(-1) ?? assert.fail()
    const [scheme, token = ''] = (headers.authorization ?? '').split(' ')
    const { htm, htu, ath } = decodeJwt(String(headers['dpop'])).claims
    assert.equal(scheme, 'DPoP')
    assert.deepEqual([htm, htu, ath], ['GET', `${api.origin}/v1/balance`, accessTokenHash(token)])
    assert.equal(decodeJwt(token).claims['aud'], api.origin)
    assert.equal(headers.cookie, undefined)
  })

  test('BFF-06 refuses a call that no page of the app has made', async () => {
    const reached = api.reached.length
    const headers = { 'x-csrf': undefined }
    assert.equal((await person.app.call('/api/balance', { headers })).status, 403)
    const cross = { 'sec-fetch-site': 'cross-site' }
    assert.equal((await person.app.call('/api/balance', { headers: cross })).status, 403)
    assert.equal(api.reached.length, reached)
  })

  test('keeps sessions over a restart, and opens them with an older key as long as it is there', async () => {
    site.write('next.key', `${randomBytes(32).toString('base64url')}\n`)
    site.configure({ sessions: { key_files: ['next.key', 'session.key'] } })
    await site.bff.stop()
    await site.bff.start()
    assert.ok(await isLoggedIn(person))
    const later = await logIn()
    site.configure({ sessions: { key_files: ['next.key'] } })
    await site.bff.stop()
    await site.bff.start()
    assert.equal(await isLoggedIn(person), false)
    assert.ok(await isLoggedIn(later))
    assert.ok(
      (await metric('signet_bff_validation_failures_total{reason="no_key_of_this_name"}')) > 0,
    )
  })

  test('logs out here and at the authorization server, and is back in the app', async () => {
    const { app, server } = await logIn()
    const { logoutUrl } = json(await app.call('/bff/logout', { method: 'POST' }))
    assert.equal(await isLoggedIn({ app, server }), false)
    assert.equal((await app.call('/api/balance')).status, 401)
    const { status, headers } = await app.open(String(logoutUrl), 'same-origin')
    assert.equal(status, 303)
    const home = await server.open(new URL(headers.location ?? ''))
    assert.ok(home instanceof URL, 'the server asks')
    assert.equal(home.href, `${site.app}/`)
  })

  test('LOG-08 ends the session when the person logs out at the authorization server', async () => {
    const out = await logIn()
    const stays = await logIn()
    const ended = await metric('signet_bff_logouts_total{cause="back_channel"}')
    const page = await out.server.open(new URL(`${site.issuer}/logout`))
    assert.ok(!(page instanceof URL))
    await out.server.press(page, 'logout')
    await until(async () => !(await isLoggedIn(out)))
    assert.ok(await isLoggedIn(stays))
    assert.equal(await metric('signet_bff_logouts_total{cause="back_channel"}'), ended + 1)
  })
})

describe('whoever runs a BFF', () => {
  test('sees that it lives, and check by check that it is ready', async () => {
    assert.equal((await managed('/livez')).status, 200)
    const { status, text } = await managed('/readyz')
    assert.equal(status, 200)
    assert.deepEqual(json({ body: text })['checks'], [
      { name: 'accepting', ok: true },
      { name: 'authorization_server', ok: true },
      { name: 'session_store', ok: true },
    ])
  })

  test('does not show it to browsers', async () => {
    const app = new AppBrowser(site.app)
    for (const path of ['/livez', '/readyz', '/metrics'])
      assert.equal((await app.call(path)).status, 404)
  })

  const COUNTED: Readonly<
    Record<string, readonly [series: string, act: (person: Person) => Promise<Answer>]>
  > = {
    'a login that failed': [
      'bff_logins_total{result="wrong_issuer"}',
      ({ app }) => app.open('/bff/callback?code=x&state=y&iss=https://evil.example', 'cross-site'),
    ],
    'a logout': [
      'bff_logouts_total{cause="user"}',
      ({ app }) => app.call('/bff/logout', { method: 'POST' }),
    ],
    'a call to an API': [
      'bff_proxied_requests_total{status="2xx"}',
      ({ app }) => app.call('/api/balance'),
    ],
    'a call that an API refused': [
      'bff_proxied_requests_total{status="4xx"}',
      ({ app }) => app.call('/api/missing'),
    ],
    'a call that no page of the app has made': [
      'bff_csrf_rejections_total{reason="header_missing"}',
      ({ app }) => app.call('/bff/user', { headers: { 'x-csrf': undefined } }),
    ],
    'a logout token that is none': [
      'bff_validation_failures_total{reason="logout_token_malformed"}',
      () => post(`${site.app}/bff/backchannel`, 'logout_token=x.y.z'),
    ],
  }
  for (const [title, [series, act]] of Object.entries(COUNTED)) {
    test(`finds ${title} counted`, async () => {
      const person = await logIn()
      const counted = await metric(`signet_${series}`)
      await act(person)
      // An answer is counted when it is out.
      await until(async () => (await metric(`signet_${series}`)) === counted + 1)
    })
  }

  test('finds logins and living sessions counted', async () => {
    const logins = await metric('signet_bff_logins_total{result="succeeded"}')
    const alive = await metric('signet_bff_sessions_active')
    const person = await logIn()
    assert.equal(await metric('signet_bff_logins_total{result="succeeded"}'), logins + 1)
    assert.equal(await metric('signet_bff_sessions_active'), alive + 1)
    await person.app.call('/bff/logout', { method: 'POST' })
    assert.equal(await metric('signet_bff_sessions_active'), alive)
  })

  test('reads no token, code, cookie or key in its log', async () => {
    const { app } = await logIn()
    await app.call('/api/balance?code=SECRET')
    const output = site.bff.output()
    assert.match(output, /"msg":"login succeeded"/)
    assert.match(output, /"msg":"proxied"/)
    assert.doesNotMatch(output, /eyJ|SECRET|request_uri|PRIVATE/)
    for (const value of app.values) assert.ok(!output.includes(value))
  })

  test('can end it: what is under way is answered, and no more is taken', async () => {
    const { app } = await logIn()
    const gate = Promise.withResolvers<void>()
    api.gate = gate.promise
    const underWay = app.call('/api/slow')
    await api.next()
    site.bff.terminate()
    await until(async () => (await managed('/readyz')).status === 503)
    await assert.rejects(
      new AppBrowser(site.app).call('/bff/user', { headers: { connection: 'close' } }),
    )
    gate.resolve()
    assert.equal((await underWay).status, 200)
    await until(async () => !site.bff.isRunning)
    assert.equal(await site.bff.stop(), 0)
    await site.bff.start()
  })
})

describe('signet bff', () => {
  const check = (environment: Readonly<Record<string, string>> = {}): ReturnType<typeof signet> =>
    signet(['bff', '--check', '--config', site.configFile], { environment })

  test('--check says that a file is good, and starts nothing', async () => {
    const { code, stdout } = await check()
    assert.equal(code, 0)
    assert.ok(stdout.includes(`is valid: ${site.app}`))
  })

  test('takes the file from the environment, and values over it', async () => {
    const environment = {
      SIGNET_BFF_CONFIG: site.configFile,
      SIGNET_BFF_ISSUER: 'http://x.example',
    }
    const { code, stderr } = await signet(['bff'], { environment })
    assert.equal(code, 2)
    assert.match(stderr, /issuer: must be an https URL/)
  })

  test('tells all that is wrong, without a stack', async () => {
    site.configure({ sesions: {}, sessions: { key_files: ['session.key'], slidin: 1 } })
    const { code, stderr } = await check({ SIGNET_BFF_LISTEN_PROT: '1' })
    assert.equal(code, 2)
    assert.match(stderr, /sesions: unknown key; did you mean sessions\?/)
    assert.match(stderr, /sessions\.slidin: unknown key; did you mean sliding\?/)
    assert.match(
      stderr,
      /SIGNET_BFF_LISTEN_PROT: unknown variable; did you mean SIGNET_BFF_LISTEN_PORT\?/,
    )
    site.configure({ sessions: { key_files: ['none.key'] }, trusted_cas: ['bff.json'] })
    const { stderr: more } = await check()
    assert.match(more, /sessions\.key_files\.0: .*none\.key cannot be read \(ENOENT\)/)
    assert.match(more, /trusted_cas\.0: holds no PEM certificate/)
    assert.doesNotMatch(stderr + more, /\n +at /)
    site.configure({})
  })

  test('tells when its port is taken', async () => {
    const { code, stderr } = await signet(['bff', '--config', site.configFile])
    assert.equal(code, 2)
    assert.match(stderr, /EADDRINUSE/)
    assert.doesNotMatch(stderr, /\n +at /)
  })

  test('tells when its database is that of the server', async () => {
    site.configure({ store: { sqlite: join(site.server.site.folder, 'signet.db') } })
    const { code, stderr } = await signet(['bff', '--config', site.configFile])
    assert.equal(code, 2)
    assert.doesNotMatch(stderr, /\n +at /)
    site.configure({})
  })

  test('has a schema and a list of variables', async () => {
    const schema = json({ body: (await signet(['bff', 'schema'])).stdout })
    assert.ok('frontends' in Object(schema['properties']))
    const { stdout } = await signet(['bff', 'environment'])
    assert.match(stdout, /^SIGNET_BFF_STORE_SQLITE {2}store\.sqlite$/m)
  })
})
