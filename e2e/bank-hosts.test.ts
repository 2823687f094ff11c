import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import {
  call,
  inProfile,
  isLoggedIn,
  logIn,
  passConsent,
  passLogin,
  SESSION_COOKIE,
  sessionOf,
} from './testing/bank-pages.ts'
import { openBankStage, type BankStage } from './testing/bank-stage.ts'
import { launchBrowser } from './testing/chromium.ts'
import { openStranger, type Stranger } from './testing/stranger.ts'

/** Seconds. */
const RECENT_LOGIN = 4

let bank: BankStage
let browser: Browser
let stranger: Stranger
/** Origins: the bank's app, and an app of another site with sessions of its own. */
let app: string
let shop: string

before(async () => {
  bank = await openBankStage({
    authority: 'as.signet.test',
    api: 'api.bank.test',
    apps: [
      { host: 'app.bank.test', clientId: 'bank' },
      { host: 'www.shop.test', clientId: 'shop' },
    ],
    accessToken: 300,
    recentLogin: RECENT_LOGIN,
  })
  ;[app = '', shop = ''] = bank.apps.map(({ origin }) => origin)
  browser = await launchBrowser()
  stranger = await openStranger()
})
after(async () => {
  await browser.close()
  await stranger.close()
  await bank.stop()
})

const within = (work: (page: Page, context: BrowserContext) => Promise<void>): Promise<void> =>
  inProfile(browser, bank, work)

describe('app, API and authorization server at hosts of their own', () => {
  test('BFF-04 STEP-01 login, payment after a step-up, and logout cross the sites with a Strict cookie', () =>
    within(async (page, context) => {
      const returns: { readonly site: string | undefined; readonly status: number }[] = []
      context.on('response', async (response) => {
        if (!response.url().startsWith(`${app}/bff/callback`)) return
        const headers = await response.request().allHeaders()
        returns.push({ site: headers['sec-fetch-site'], status: response.status() })
        // The browser kept the cookie of the session back, as it has to.
        assert.ok(!(headers['cookie'] ?? '').includes(`${SESSION_COOKIE}=`))
      })
      await logIn(page, app)
      assert.equal(await page.locator('.account').count(), 2)
      const [cookie] = (await context.cookies(app)).filter(({ name }) => name === SESSION_COOKIE)
      assert.deepEqual([cookie?.sameSite, cookie?.domain], ['Strict', 'app.bank.test'])
      // A redirect would have lost it: the app is reached by way of a page.
      assert.deepEqual(returns, [{ site: 'cross-site', status: 200 }])

      await page.waitForTimeout((RECENT_LOGIN + 1) * 1_000)
      await page.click('#pay')
      await page.fill('#recipient', 'Bob Example')
      await page.fill('#iban', 'DE89 3704 0044 0532 0130 00')
      await page.fill('#amount', '12,30')
      await page.fill('#purpose', 'Lunch')
      await page.click('#submit-payment')
      await page.waitForURL(`${bank.authority.origin}/**`)
      await passLogin(page, `${app}/pay`)
      await page.waitForSelector('#resumed')
      await page.click('#submit-payment')
      await page.waitForSelector('#receipt')
      assert.equal(returns.length, 2)

      await page.click('#logout')
      await page.waitForURL(`${app}/`)
      await page.waitForSelector('#login')
      assert.equal((await call(page, '/api/accounts')).status, 401)
      assert.equal(await sessionOf(context, app), undefined)
      await page.click('#login')
      await page.waitForSelector('#password')
    }))

  test('a link at another site leads into the app, and who is logged in stays so', () =>
    within(async (page) => {
      await logIn(page, app)
      stranger.html = `<a id="go" href="${app}/accounts">to your bank</a>`
      await page.goto(stranger.elsewhere)
      await page.click('#go')
      await page.waitForSelector('.transaction')
      assert.ok(await isLoggedIn(page))
    }))

  test('LOG-07 LOG-09 LOG-10 a logout in one app ends the session of the other, and nobody else’s', () =>
    within((elsewhere) =>
      within(async (page, context) => {
        await logIn(elsewhere, shop)
        await logIn(page, app)
        const other = await context.newPage()
        await other.goto(shop)
        await other.click('#login')
        await passConsent(other, `${shop}/accounts`)
        await other.waitForSelector('.transaction')
        assert.equal((await call(other, '/api/accounts')).status, 200)
        const since = Date.now()

        await page.click('#logout')
        await page.waitForURL(`${app}/`)
        let told = await call(other, '/api/accounts')
        while (told.status === 200 && Date.now() - since < 5_000) {
          await other.waitForTimeout(50)
          told = await call(other, '/api/accounts')
        }
        assert.equal(told.status, 401)
        const { code, login_url: loginUrl } = JSON.parse(told.body)
        assert.deepEqual([code, loginUrl], ['login_required', '/bff/login'])
        assert.equal(await sessionOf(context, shop), undefined)
        await other.goto(`${shop}${loginUrl}`)
        await other.waitForSelector('#password')
        assert.equal((await call(elsewhere, '/api/accounts')).status, 200)
      }),
    ))

  test('LOG-09 a logout token that nobody signed ends nothing', () =>
    within(async (page) => {
      await logIn(page, app)
      const claims = { iss: bank.authority.origin, aud: 'bank', sub: 'alice', events: {} }
      const part = (value: object): string =>
        Buffer.from(JSON.stringify(value)).toString('base64url')
      const token = `${part({ alg: 'none', typ: 'logout+jwt' })}.${part(claims)}.`
      stranger.html = `<form id="form" method="post" action="${app}/bff/backchannel">
        <input name="logout_token" value="${token}"></form>`
      const attack = await page.context().newPage()
      await attack.goto(stranger.elsewhere)
      const [answer] = await Promise.all([
        attack.waitForResponse(`${app}/bff/backchannel`),
        attack.locator('#form').evaluate((form: HTMLFormElement) => form.submit()),
      ])
      assert.equal(answer.status(), 400)
      assert.ok(await isLoggedIn(page))
    }))
})
