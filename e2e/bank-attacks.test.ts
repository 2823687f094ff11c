import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import {
  call,
  inProfile,
  isLoggedIn,
  logIn,
  passLogin,
  SESSION_COOKIE,
  sessionOf,
} from './testing/bank-pages.ts'
import { openBankStage, type BankStage } from './testing/bank-stage.ts'
import { launchBrowser } from './testing/chromium.ts'
import { attackBySocket, attackByScript, attackPage, TARGETS, watched } from './testing/attack.ts'
import { openStranger, type Stranger } from './testing/stranger.ts'

let bank: BankStage
let browser: Browser
let stranger: Stranger
/** Origin. */
let app: string

before(async () => {
  bank = await openBankStage({
    authority: 'as.signet.test',
    api: 'api.bank.test',
    apps: [{ host: 'app.bank.test', clientId: 'bank' }],
    accessToken: 300,
    recentLogin: 300,
  })
  app = bank.apps[0]?.origin ?? ''
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

describe('an attacker who knows the BFF', () => {
  test('BFF-11 session fixation: a planted session is never the one of the victim', () =>
    within((attacker, theirs) =>
      within(async (page, context) => {
        await logIn(attacker, app)
        const planted = (await sessionOf(theirs, app)) ?? assert.fail()
        await context.addCookies([
          {
            name: SESSION_COOKIE,
            value: planted,
            url: app,
            secure: true,
            httpOnly: true,
            sameSite: 'Strict',
          },
        ])
        await page.goto(`${app}/bff/login`)
        await passLogin(page, `${app}/`)
        await page.goto(`${app}/accounts`)
        await page.waitForSelector('.transaction')
        const own = await sessionOf(context, app)
        assert.ok(own !== undefined && own !== planted)
        assert.equal((await call(attacker, '/api/accounts')).status, 401)
        assert.ok(await isLoggedIn(page))
      }),
    ))

  test('BFF-04 a host next door cannot plant a session: the browser refuses the name', () =>
    within(async (page, context) => {
      const names = [SESSION_COOKIE, `${SESSION_COOKIE}-login-x`]
      stranger.html = '<h1>blog</h1>'
      await page.goto(stranger.sibling)
      const kept = await page.evaluate((all) => {
        for (const name of all) {
          document.cookie = `${name}=planted; Domain=bank.test; Path=/; Secure`
        }
        return document.cookie
      }, names)
      assert.equal(kept, '')
      assert.deepEqual(await context.cookies(app), [])
    }))

  test('BFF-11 login CSRF: a login begun in another browser ends nowhere', () =>
    within((attacker, theirs) =>
      within(async (page, context) => {
        await attacker.goto(`${app}/bff/login`)
        await attacker.waitForSelector('#password')
        // Without its cookie the login stays unfinished, and its link can be given to others.
        const begun = await theirs.cookies(app)
        await theirs.clearCookies({ domain: new URL(app).hostname })
        const [returned] = await Promise.all([
          attacker.waitForRequest((request) => request.url().startsWith(`${app}/bff/callback`)),
          passLogin(attacker, `${app}/login-failed?error=login_expired`),
        ])
        const link = returned.url()
        stranger.html = `<a id="go" href="${link.replaceAll('&', '&amp;')}">win</a>`
        await page.goto(stranger.elsewhere)
        const [answer] = await Promise.all([
          page.waitForResponse((response) => response.url().startsWith(`${app}/bff/callback`)),
          page.click('#go'),
        ])
        assert.equal(answer.status(), 400)
        await page.waitForURL(`${app}/login-failed?error=login_expired`)
        assert.equal(await sessionOf(context, app), undefined)
        // The link was good: it was the browser that was not the right one.
        await theirs.addCookies(begun)
        await attacker.goto(link)
        await attacker.waitForURL(`${app}/`)
        assert.ok((await sessionOf(theirs, app)) !== undefined)
      }),
    ))

  test('SP-CL-12 BFF-11 no other site begins a login: not by link, image, frame, form or script', () =>
    within(async (page, context) => {
      const seen = await watched(page, app)
      // An address of its own for each, because browsers send equal requests once.
      const by = (way: string): string => `${app}/bff/login?returnUrl=/${way}`
      const tried: string[] = []
      context.on('request', (request) => tried.push(request.url()))
      stranger.html = `<a id="go" href="${by('link')}">free money</a><img src="${by('image')}">
        <iframe src="${by('frame')}"></iframe><form action="${by('form')}" method="post"></form>`
      for (const origin of [stranger.elsewhere, stranger.sibling]) {
        await page.goto(origin, { waitUntil: 'load' })
        await page.evaluate(async (target) => {
          await fetch(target, { mode: 'no-cors', credentials: 'include' }).catch(() => undefined)
        }, by('script'))
        await page.click('#go')
        await page.waitForSelector('#continue')
        assert.match(await page.innerText('h1'), /Log in\?/)
      }
      // Of images and frames that it blocks or leaves, the browser does not always report the answer, but always that it asked.
      for (const way of ['link', 'image', 'frame', 'script']) {
        assert.equal(tried.filter((url) => url === by(way)).length, 2, way)
      }
      assert.ok(seen.length >= 4, seen.join())
      for (const line of seen) assert.equal(line, 'GET /bff/login 403')
      assert.deepEqual(
        (await context.cookies(app)).filter(({ name }) => name.includes('login')),
        [],
      )
      // Who goes on does so in the app itself.
      await page.click('#continue')
      await page.waitForSelector('#password')
    }))

  test('SP-CL-04 open redirects: whatever a link asks for, a login ends in the app', () =>
    within(async (page) => {
      await logIn(page, app)
      const { host } = new URL(stranger.elsewhere)
      stranger.visits.length = 0
      const wishes = [
        `https://${host}/`,
        `//${host}/`,
        `///${host}/`,
        `/\\${host}/`,
        `\\\\${host}/`,
        `/\t/${host}/`,
        `/\n/${host}/`,
        ` //${host}/`,
        `/%2f${host}/`,
        `/%5c${host}/`,
        `/%252f${host}/`,
        `/.//${host}/`,
        `/x/..//${host}/`,
        `https:${host}`,
        `https:/${host}`,
        `@${host}/`,
        `.${host}`,
        `javascript:location='https://${host}/'`,
        `data:text/html,<meta http-equiv=refresh content=0;url=https://${host}>`,
        `${app}.${host}/`,
        `${app}@${host}/`,
        '/bff/logout',
        '/\u0000/',
      ]
      for (const wish of wishes) {
        const answer = await page.goto(
          `${app}/bff/login?${new URLSearchParams({ returnUrl: wish })}`,
        )
        assert.equal(answer?.status(), 400, wish)
        assert.equal(new URL(page.url()).origin, app, wish)
      }
      const twice = await page.goto(`${app}/bff/login?returnUrl=/accounts&returnUrl=//${host}/`)
      assert.equal(twice?.status(), 400)
      // What looks odd and is a place in the app leads there.
      for (const wish of ['/accounts', `/accounts?next=https://${host}/`, `/accounts#//${host}/`]) {
        await page.goto(`${app}/bff/login?${new URLSearchParams({ returnUrl: wish })}`)
        await page.waitForURL(app + wish)
        await page.waitForSelector('.transaction')
      }
      for (const path of [`/bff/logout?post_logout_redirect_uri=https://${host}/`, `//${host}/`]) {
        await page.goto(app + path)
        assert.equal(new URL(page.url()).origin, app, path)
      }
      await page.goto(`${app}/accounts`)
      assert.ok(await isLoggedIn(page))
      assert.deepEqual(stranger.visits, [])
    }))

  for (const where of ['elsewhere', 'sibling'] as const) {
    test(`BFF-06 BFF-07 CSRF from ${where}: no form, image, frame, fetch, socket or stream does or reads anything`, () =>
      within(async (page, context) => {
        await logIn(page, app)
        const accounts = await call(page, '/api/accounts')
        const attack = await context.newPage()
        const seen = await watched(attack, app)
        stranger.html = attackPage(app)
        await attack.goto(stranger[where])
        const read = [
          ...(await attackByScript(attack, app)),
          ...(await attackBySocket(attack, app)),
        ]
        assert.deepEqual(read, [])
        await attack.waitForLoadState('networkidle')
        const calls = seen.filter((line) => /^\w+ \/(?:api|bff)\//.test(line))
        for (const line of calls) assert.match(line, / (?:400|401|403|404|405|426)$/)
        // All of it arrived, and was answered with that.
        for (const path of TARGETS) {
          assert.ok(
            calls.some((line) => line.startsWith(`GET ${path} `)),
            path,
          )
          assert.ok(
            calls.some((line) => line.startsWith(`POST ${path} `)),
            path,
          )
          assert.ok(
            calls.some((line) => line.startsWith(`OPTIONS ${path} `)),
            path,
          )
        }
        // The page of the bank is not shown in a frame.
        assert.equal(await attack.frame('app')?.locator('#root *').count(), 0)

        assert.ok(await isLoggedIn(page))
        assert.deepEqual(await call(page, '/api/accounts'), accounts)
      }))
  }
})
