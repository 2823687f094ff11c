import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { startCallbackServer, type CallbackServer } from './testing/callback-server.ts'
import { launchBrowser } from './testing/chromium.ts'
import { claimsOf } from './testing/claims.ts'
import { member } from './testing/https.ts'
import { codeOf, Peer, type Difference } from './testing/peer.ts'
import { DESKTOP, openProfile, PHONE, picture, SCREENS, type Profile } from './testing/screens.ts'
import { serve, type ServerProcess } from './testing/server-process.ts'
import { PASSWORD, serviceFor, USER } from './testing/site.ts'

let server: ServerProcess
let callback: CallbackServer
let browser: Browser
let client: Peer

before(async () => {
  callback = await startCallbackServer()
  const { redirectUri, afterLogout } = callback
  const unplaced = new Peer({
    clientId: 'app',
    scope: 'openid profile accounts payments offline_access',
    redirectUri,
  })
  const metadata = unplaced.metadata({
    client_name: 'Northwind Ledger',
    post_logout_redirect_uris: [afterLogout],
  })
  server = await serve(serviceFor([metadata], { name: 'Hamburg Bank' }))
  client = unplaced.at(server.site.origin)
  browser = await launchBrowser()
})
after(async () => {
  await browser.close()
  await server.stop()
  server.site.remove()
  callback.close()
})

async function close({ context, complaints }: Profile): Promise<void> {
  await context.close()
  assert.deepEqual(complaints, [])
}

/** Opens a profile, does something in it, and closes it without complaints. */
async function within(
  work: (profile: Profile) => Promise<void>,
  options?: BrowserContextOptions,
): Promise<void> {
  const profile = await openProfile(browser, options)
  await work(profile)
  await close(profile)
}

async function link(form: Difference['form'] = {}): Promise<string> {
  const pushed = await client.push({ form })
  assert.equal(pushed.status, 201, pushed.body)
  return client.link(pushed).href
}

/** As a person does, who knows no ids but the keyboard. */
async function typeLogin(page: Page, password: string = PASSWORD): Promise<void> {
  await page.waitForSelector('#username:focus')
  await page.keyboard.type(USER)
  await page.keyboard.press('Tab')
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')
}

const backAtClient = async (page: Page): Promise<URL> => {
  await page.waitForURL(`${callback.redirectUri}**`)
  const url = new URL(page.url())
  assert.equal(url.searchParams.get('iss'), client.issuer)
  return url
}

async function logIn(page: Page): Promise<URL> {
  await page.goto(await link({ prompt: 'consent' }))
  await typeLogin(page)
  await page.click('#approve')
  return backAtClient(page)
}

describe('login and consent in a browser', () => {
  test('SP-AZ-07 SP-AZ-10 by keyboard alone lead back to the client with a code that works', () =>
    within(async ({ page }) => {
      const statuses: number[] = []
      page.on('response', (response) => {
        if (response.status() >= 300 && response.status() < 400) statuses.push(response.status())
      })
      await page.goto(await link({ prompt: 'consent', state: 'a&b=c d' }))
      assert.equal(await page.title(), 'Sign in · Hamburg Bank')
      await typeLogin(page)
      await page.waitForSelector('#approve')
      for (let tabs = 0; tabs < 10; tabs += 1) {
        await page.keyboard.press('Tab')
        if (await page.evaluate(() => document.activeElement?.id === 'approve')) break
      }
      await page.keyboard.press('Enter')
      const url = await backAtClient(page)
      assert.equal(url.searchParams.get('state'), 'a&b=c d')
      const answer = await client.exchange(codeOf(url))
      assert.equal(claimsOf(member(answer, 'id_token'))['aud'], 'app')
      assert.deepEqual(new Set(statuses), new Set([303]))
    }))

  test('PAR-10 survive a reload of the login, and the back button', () =>
    within(async ({ page }) => {
      await page.goto(await link({ prompt: 'consent' }))
      await page.reload()
      await typeLogin(page)
      await page.waitForSelector('#approve')
      await page.reload()
      await page.waitForSelector('#approve')
      await page.goBack()
      await page.goForward()
      await page.click('#approve')
      codeOf(await backAtClient(page))
    }))

  test('after the decision the back button leads to a page that says so, and to no second answer', () =>
    within(async ({ page }) => {
      await logIn(page)
      await page.goBack()
      await page.reload()
      if (await page.isVisible('#approve')) await page.click('#approve')
      await page.waitForSelector('#event-id')
      assert.match(await page.innerText('#error'), /expired/)
    }))

  test('work in two tabs at once', () =>
    within(async ({ context, page }) => {
      const other = await context.newPage()
      await page.goto(await link({ prompt: 'consent', state: 'first' }))
      await other.goto(await link({ prompt: 'consent', state: 'second' }))
      await page.bringToFront()
      await typeLogin(page)
      await page.waitForSelector('#approve')
      await other.bringToFront()
      await other.fill('#username', USER)
      await other.fill('#password', PASSWORD)
      await other.click('#login')
      await other.click('#approve')
      assert.equal((await backAtClient(other)).searchParams.get('state'), 'second')
      await page.bringToFront()
      await page.click('#approve')
      const url = await backAtClient(page)
      assert.equal(url.searchParams.get('state'), 'first')
      codeOf(url)
    }))

  for (const where of ['login', 'consent'] as const) {
    test(`SP-AZ-19 are cancelled at the ${where}`, () =>
      within(async ({ page }) => {
        await page.goto(await link({ prompt: 'consent', state: 'kept' }))
        if (where === 'consent') await typeLogin(page)
        if (where === 'consent') await page.waitForSelector('#approve')
        await page.click('#cancel')
        const url = await backAtClient(page)
        assert.equal(url.searchParams.get('error'), 'access_denied')
        assert.equal(url.searchParams.get('state'), 'kept')
        assert.equal(url.searchParams.get('code'), null)
      }))
  }

  test('forgive a wrong password, and tell so', () =>
    within(async ({ page }) => {
      await page.goto(await link({ prompt: 'consent' }))
      await typeLogin(page, 'not the password')
      await page.waitForSelector('#error')
      assert.equal(await page.inputValue('#username'), USER)
      assert.equal(await page.inputValue('#password'), '')
      await page.waitForSelector('#password:focus')
      await page.keyboard.type(PASSWORD)
      await page.keyboard.press('Enter')
      await page.click('#approve')
      codeOf(await backAtClient(page))
    }))

  test('are remembered: the second time the browser goes straight through', () =>
    within(async ({ page }) => {
      await logIn(page)
      await page.goto(await link())
      codeOf(await backAtClient(page))
    }))

  test('work without script', () =>
    within(async ({ page }) => void codeOf(await logIn(page)), { javaScriptEnabled: false }))

  test('another account can be chosen at the consent', () =>
    within(async ({ page }) => {
      await page.goto(await link({ prompt: 'consent' }))
      await typeLogin(page)
      await page.click('#switch')
      await page.fill('#username', 'bob')
      await page.fill('#password', PASSWORD)
      await page.click('#login')
      await page.waitForSelector('#approve')
      assert.match(await page.innerText('main'), /Bob Example|bob/)
    }))
})

describe('a response that is posted to the client, in a browser', () => {
  /** The form that the browser posts to the client. */
  async function posted(page: Page, work: () => Promise<unknown>): Promise<URLSearchParams> {
    const arrival = page.waitForRequest(
      (request) => request.method() === 'POST' && request.url() === callback.redirectUri,
    )
    await work()
    return new URLSearchParams((await arrival).postData() ?? '')
  }

  async function approve(page: Page, form: Difference['form']): Promise<void> {
    await page.goto(await link({ prompt: 'consent', ...form }))
    await typeLogin(page)
    await page.click('#approve')
  }

  test('OAU-04 goes there by itself, and its code works', () =>
    within(async ({ page }) => {
      const state = `a&b="c"<d> é`
      const fields = await posted(page, () => approve(page, { response_mode: 'form_post', state }))
      await page.waitForURL(callback.redirectUri)
      assert.equal(fields.get('state'), state)
      assert.equal(fields.get('iss'), client.issuer)
      const answer = await client.exchange(fields.get('code') ?? '')
      assert.equal(claimsOf(member(answer, 'id_token'))['aud'], 'app')
    }))

  test('JARM-03 holds one JWT, by the button where no script runs', () =>
    within(
      async ({ page }) => {
        await approve(page, { response_mode: 'form_post.jwt' })
        await page.waitForSelector('#continue')
        const fields = await posted(page, () => page.click('#continue'))
        assert.deepEqual([...fields.keys()], ['response'])
        assert.equal(claimsOf(fields.get('response') ?? '')['aud'], 'app')
        await page.waitForURL(callback.redirectUri)
      },
      { javaScriptEnabled: false },
    ))

  test('OAU-05 tells of an error as well', () =>
    within(async ({ page }) => {
      const path = await link({ response_mode: 'form_post', prompt: 'none' })
      const fields = await posted(page, () => page.goto(path).catch(() => undefined))
      assert.equal(fields.get('error'), 'login_required')
      await page.waitForURL(callback.redirectUri)
    }))
})

describe('OIDC-10 prompt, in a browser with a session', () => {
  let profile: Profile
  before(async () => {
    profile = await openProfile(browser)
    await logIn(profile.page)
  })
  after(() => close(profile))

  test('OIDC-10 none goes straight through', async () => {
    await profile.page.goto(await link({ prompt: 'none' }))
    codeOf(await backAtClient(profile.page))
  })

  test('OIDC-10 none without a session is told login_required', () =>
    within(async ({ page }) => {
      await page.goto(await link({ prompt: 'none' }))
      const { searchParams } = await backAtClient(page)
      assert.equal(searchParams.get('error'), 'login_required')
      assert.equal(searchParams.get('state'), 'a state')
    }))

  test('OIDC-10 consent asks again', async () => {
    const { page } = profile
    await page.goto(await link({ prompt: 'consent' }))
    await page.click('#approve')
    codeOf(await backAtClient(page))
  })

  for (const [what, form] of [
    ['login', { prompt: 'login' }],
    ['max_age 0', { max_age: '0' }],
  ] as const) {
    test(`OIDC-10 ${what} asks for the password again, and auth_time is newer`, async () => {
      const { page } = profile
      const before_ = Math.floor(Date.now() / 1_000)
      await page.goto(await link(form))
      await typeLogin(page)
      const idToken = member(await client.exchange(codeOf(await backAtClient(page))), 'id_token')
      assert.ok(Number(claimsOf(idToken)['auth_time']) >= before_)
    })
  }
})

describe('the language of the pages', () => {
  const languageOf = (page: Page): Promise<string | null> => page.getAttribute('html', 'lang')

  test('is German for a browser that asks for it', () =>
    within(
      async ({ page }) => {
        await page.goto(await link({ prompt: 'consent' }))
        assert.equal(await languageOf(page), 'de')
        assert.match(await page.innerText('main'), /Anmelden[^]*Northwind Ledger/)
        await typeLogin(page)
        await page.waitForSelector('#approve')
        assert.match(await page.innerText('main'), /Ihre Konten sehen/)
        await picture(page, 'consent-german')
      },
      { locale: 'de-DE' },
    ))

  test('is that of ui_locales first', () =>
    within(async ({ page }) => {
      await page.goto(await link({ ui_locales: 'fr de en' }))
      assert.equal(await languageOf(page), 'de')
    }))

  test('is English for everybody else', () =>
    within(
      async ({ page }) => {
        await page.goto(await link())
        assert.equal(await languageOf(page), 'en')
      },
      { locale: 'ja-JP' },
    ))
})

describe('logout in a browser', () => {
  test('LOG-01 asks first, and then the session is over', () =>
    within(async ({ page }) => {
      await logIn(page)
      await page.goto(client.endpoint('logout'))
      await picture(page, 'logout')
      await page.click('#stay')
      await page.goto(await link())
      codeOf(await backAtClient(page))
      await page.goto(client.endpoint('logout'))
      await page.click('#logout')
      await page.waitForSelector('[role=status]')
      await picture(page, 'logged-out')
      await page.goto(await link())
      await page.waitForSelector('#password')
    }))

  test('LOG-02 leads back to the client that has an ID token of the session', () =>
    within(async ({ page }) => {
      const idToken = member(await client.exchange(codeOf(await logIn(page))), 'id_token')
      const url = new URL(client.endpoint('logout'))
      url.search = new URLSearchParams({
        id_token_hint: idToken,
        post_logout_redirect_uri: callback.afterLogout,
        state: 'bye',
      }).toString()
      await page.goto(url.href)
      assert.equal(page.url(), `${callback.afterLogout}?state=bye`)
    }))
})

describe('the pages', () => {
  for (const [device, options] of Object.entries(SCREENS)) {
    test(`fit the screen of a ${device} and break no rule of theirs`, () =>
      within(async ({ page }) => {
        await page.goto(client.issuer)
        await picture(page, `${device}-home`)
        await page.goto(await link({ prompt: 'consent' }))
        await picture(page, `${device}-login`)
        await page.fill('#username', USER)
        await page.fill('#password', 'wrong')
        await page.click('#login')
        await page.waitForSelector('#error')
        await picture(page, `${device}-login-wrong`)
        await page.fill('#password', PASSWORD)
        await page.click('#login')
        await page.waitForSelector('#approve')
        await picture(page, `${device}-consent`)
        await page.goto(`${client.endpoint('authorize')}?client_id=app`)
        await picture(page, `${device}-error`)
        await page.goto(member(await client.push({ assertion: null }), 'error_uri'))
        await picture(page, `${device}-refusal`)
        await page.goto(`${client.issuer}/no/such/page`)
        await picture(page, `${device}-not-found`)
      }, options))
  }

  for (const [device, options] of [
    ['phone', { ...PHONE, locale: 'de-DE' }],
    ['desktop-dark', { ...DESKTOP, colorScheme: 'dark' }],
  ] as const) {
    test(`that posts a response fits the screen of a ${device} where no script runs`, () =>
      within(
        async ({ page }) => {
          await page.goto(await link({ response_mode: 'form_post', prompt: 'none' }))
          await page.waitForSelector('#continue')
          await picture(page, `${device}-response`)
        },
        { ...options, javaScriptEnabled: false },
      ))
  }

  test('of another certificate would not have been opened', () =>
    within(async ({ page }) => {
      await assert.rejects(page.goto('https://127.0.0.1:1/'))
    }))
})
