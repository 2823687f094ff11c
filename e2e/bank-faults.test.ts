import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { after, before, beforeEach, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Browser } from 'playwright-core'
import { callWith, logIn, SESSION_COOKIE, sessionOf } from './testing/bank-pages.ts'
import { openBankStage, type BankStage } from './testing/bank-stage.ts'
import { launchBrowser } from './testing/chromium.ts'
import { signet } from './testing/cli.ts'
import { ask, json, type Answer } from './testing/https.ts'

/** Seconds. */
const ACCESS_TOKEN = 3

let bank: BankStage
let browser: Browser
/** Two processes of one app, on one file of sessions. */
let first: string
let second: string
/** Of the one session all of this happens to. It must outlive everything. */
let cookie: string

before(async () => {
  bank = await openBankStage({
    authority: 'localhost',
    api: 'localhost',
    apps: [
      { host: 'localhost', clientId: 'bank' },
      { host: 'localhost', clientId: 'bank' },
    ],
    accessToken: ACCESS_TOKEN,
    recentLogin: 300,
  })
  ;[first = '', second = ''] = bank.apps.map(({ origin }) => origin)
  browser = await launchBrowser()
  const context = await browser.newContext({ locale: 'en-GB' })
  const page = await context.newPage()
  await logIn(page, first)
  cookie = `${SESSION_COOKIE}=${await sessionOf(context, first)}`
})
after(async () => {
  await browser.close()
  await bank.stop()
})

const get = (origin: string): Promise<Answer> => callWith(cookie, `${origin}/api/accounts`)
const status = async (origin: string): Promise<number> => (await get(origin)).status
const expiry = (): Promise<void> => pause((ACCESS_TOKEN + 1) * 1_000)

/** Seconds: an API that has just asked for the keys does not ask again for ten. */
const ANNOUNCE = 12

/** Tokens the app was given since then. */
async function issued(since: number): Promise<number> {
  const steps = await bank.steps('bank', since)
  assert.deepEqual(
    steps.filter((step) => step.startsWith('token') && step !== 'token issued'),
    [],
  )
  return steps.filter((step) => step === 'token issued').length
}

/** Calls until one is answered so. @returns how long that took, in milliseconds */
async function until(wanted: number, patience: number): Promise<number> {
  const begun = performance.now()
  for (;;) {
    const answer = await get(first)
    if (answer.status === wanted) return performance.now() - begun
    assert.ok(performance.now() - begun < patience, `${answer.status} ${answer.body}`)
    await pause(100)
  }
}

describe('the chain while a part of it is in trouble', () => {
  beforeEach(async () => void (await until(200, 10_000)))

  test('BFF-08 two processes on one store renew an expired token once', async () => {
    const since = Date.now()
    await expiry()
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => status(index % 2 === 0 ? first : second)),
    )
    assert.deepEqual(new Set(answers), new Set([200]))
    assert.equal(await issued(since), 1)
  })

  test('the authorization server is killed: calls go on while the token lasts, then fail clearly, and work again', async () => {
    const since = Date.now()
    await expiry()
    assert.equal(await status(first), 200)
    await bank.authority.kill()
    // Its keys, and its list of revoked tokens, are known to the API.
    for (let count = 0; count < 5; count += 1) {
      assert.equal(await status(first), 200)
      await pause(250)
    }
    await expiry()
    for (const origin of [first, second]) {
      const answer = await get(origin)
      assert.equal(answer.status, 503, answer.body)
      assert.equal(json(answer)['code'], 'authorization_server_unavailable')
      assert.ok(Number(answer.headers['retry-after']) > 0)
      assert.equal(answer.headers['set-cookie'], undefined)
    }
    const user = await callWith(cookie, `${first}/bff/user`)
    assert.equal(json(user)['authenticated'], true)
    const login = await ask(`${first}/bff/login`, {
      headers: {
        'sec-fetch-site': 'none',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
      },
    })
    assert.equal(login.status, 503)
    assert.match(login.body, /cannot be reached/)

    await bank.authority.start()
    await until(200, 3_000)
    assert.equal(await status(second), 200)
    assert.ok((await issued(since)) <= 1)
  })

  test('the authorization server hangs: a refresh gives up in time, keeps nobody else waiting, and works again', async () => {
    await expiry()
    bank.authority.freeze()
    const begun = performance.now()
    const [slow, other] = await Promise.all([get(first), callWith(cookie, `${first}/bff/user`)])
    bank.authority.thaw()
    assert.equal(other.status, 200)
    assert.equal(slow.status, 503, slow.body)
    assert.equal(json(slow)['code'], 'authorization_server_unavailable')
    assert.ok(performance.now() - begun < 12_000)
    await until(200, 5_000)
  })

  test('OIDC-18 keys rotated under load: no call fails', async () => {
    const kids = async (): Promise<readonly string[]> => {
      const { keys } = json(await ask(`${bank.authority.origin}/jwks`))
      assert.ok(Array.isArray(keys))
      return keys.map(({ kid }) => String(kid))
    }
    const before_ = new Set(await kids())
    const rotated = signet(['keys', 'rotate', '--now', '--config', bank.configFile], {
      environment: { SIGNET_KEYS_ANNOUNCE: String(ANNOUNCE) },
    })
    const statuses: number[] = []
    const isNew = async (): Promise<boolean> => (await kids()).some((kid) => !before_.has(kid))
    const load = async (): Promise<void> => {
      for (let count = 0; count < 20; count += 1)
        statuses.push(await status(count % 2 ? first : second))
    }
    while (!(await isNew())) await Promise.all([load(), load(), pause(250)])
    // Until a token of the new key is in use.
    const since = Date.now() + ANNOUNCE * 1_000
    while ((await issued(since)) < 1) await Promise.all([load(), load(), pause(250)])
    await load()
    assert.equal((await rotated).code, 0)
    assert.ok(statuses.length >= 200, String(statuses.length))
    assert.deepEqual(new Set(statuses), new Set([200]))
  })

  test('the store is locked by another process: a clear error, and no session is lost', async () => {
    await expiry()
    const since = Date.now()
    const other = new DatabaseSync(bank.sessionsOf('bank'))
    other.exec('BEGIN IMMEDIATE')
    try {
      const answer = await get(first)
      assert.equal(answer.status, 503, answer.body)
      const { code, event_id: eventId } = json(answer)
      assert.equal(code, 'session_store_unavailable')
      assert.match(String(eventId), /^[\w-]{16}$/)
      assert.equal(answer.headers['set-cookie'], undefined)
      assert.doesNotMatch(answer.body, /SQLITE|database|locked/i)
      assert.equal(await issued(since), 0)
    } finally {
      other.exec('ROLLBACK')
      other.close()
    }
    await until(200, 3_000)
    assert.equal(await issued(since), 1)
  })
})
