import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { startBank, type Bank } from './testing/bank.ts'
import { launchBrowser } from './testing/chromium.ts'
import {
  keepPicture,
  openProfile,
  PHONE,
  picture as pictureOf,
  SCREENS,
  type Profile as Complaining,
} from './testing/screens.ts'
import { PASSWORD, USER } from './testing/site.ts'

/** Seconds. Short, so that both happen while a test looks on. */
const ACCESS_TOKEN = 5
const RECENT_LOGIN = 10

/** What a JWT, and what a token of ours looks like in any text. */
const TOKEN = /eyJ[\w-]{10,}|access_token|refresh_token|id_token|urn:ietf:params:oauth:request_uri/

let bank: Bank
let browser: Browser

before(async () => {
  bank = await startBank({ accessToken: ACCESS_TOKEN, recentLogin: RECENT_LOGIN })
  browser = await launchBrowser()
})
after(async () => {
  await browser.close()
  await bank.stop()
})

/** A browser profile of its own, with all that was complained about, and all that its pages could read. */
interface Profile extends Complaining {
  /** Bodies and header fields that came from the app's origin, and where from. */
  readonly read: readonly string[]
}

async function open(options?: BrowserContextOptions): Promise<Profile> {
  const profile = await openProfile(browser, options)
  const read: string[] = []
  profile.context.on('response', (response) => {
    if (!response.url().startsWith(bank.app) || response.status() === 303) return
    const about = `${response.request().method()} ${response.url()}`
    read.push(`${about} ${JSON.stringify(response.request().headers())}`)
    response.text().then(
      (text) => read.push(`${about} ${JSON.stringify(response.headers())} ${text}`),
      () => undefined,
    )
  })
  return { ...profile, read }
}

async function within(
  work: (profile: Profile) => Promise<void>,
  options?: BrowserContextOptions,
): Promise<void> {
  const profile = await open(options)
  try {
    await work(profile)
  } catch (error) {
    await keepPicture(profile.page, 'failed')
    throw new Error(`at ${profile.page.url()}; the bank said: ${bank.output()}`, { cause: error })
  } finally {
    await profile.context.close()
  }
  assert.deepEqual(profile.complaints, [])
}

async function typePassword(page: Page): Promise<void> {
  await page.waitForSelector('#password')
  if (await page.isEditable('#username')) await page.fill('#username', USER)
  await page.fill('#password', PASSWORD)
  await page.click('button#login')
}

/** Logs in, and consents where that is asked. */
async function logIn(page: Page): Promise<void> {
  await page.goto(bank.app)
  await page.click('#login')
  await typePassword(page)
  await Promise.race([
    page.waitForURL(`${bank.app}/accounts`),
    page.click('#approve').then(() => page.waitForURL(`${bank.app}/accounts`)),
  ])
  await page.waitForSelector('.transaction')
}

/** Calls of the page's own, all at once. */
function callTimes(page: Page, count: number): Promise<readonly number[]> {
  return page.evaluate(
    (times) =>
      Promise.all(
        Array.from({ length: times }, async () => {
          const { status } = await fetch('/api/accounts', { headers: { 'x-csrf': '1' } })
          return status
        }),
      ),
    count,
  )
}

const PAYMENT = {
  recipient: 'Bob Example',
  iban: 'DE89 3704 0044 0532 0130 00',
  amount: '24,90',
  purpose: 'Tea for three',
}

async function fillPayment(page: Page, change: Partial<typeof PAYMENT> = {}): Promise<void> {
  await page.click('#pay')
  for (const [name, value] of Object.entries({ ...PAYMENT, ...change })) {
    await page.fill(`#${name}`, value)
  }
}

const balanceOf = async (page: Page): Promise<string> => {
  await page.click('#accounts')
  return page.innerText('.account[aria-pressed=true] .balance')
}

function picture(page: Page, name: string): Promise<void> {
  return pictureOf(page, `bank-${name}`, !name.startsWith('phone'))
}

describe('the example bank in a browser', () => {
  test('BFF-02 shows accounts after a login, and no token to the page', () =>
    within(async ({ page, context, read }) => {
      await logIn(page)
      assert.equal(await page.locator('.account').count(), 2)
      assert.match(await page.innerText('h1'), /Alice/)
      await page.click('.account:not([aria-pressed=true])')
      assert.match(await page.innerText('.statement'), /Interest/)
      const seen = await page.evaluate(() => ({
        cookie: document.cookie,
        storage: localStorage.length + sessionStorage.length,
        dom: document.documentElement.outerHTML,
      }))
      assert.equal(seen.cookie, '')
      assert.equal(seen.storage, 0)
      assert.doesNotMatch(seen.dom, TOKEN)
      await page.waitForLoadState('networkidle')
      assert.ok(read.some((text) => text.includes('/api/accounts')))
      for (const text of read) assert.doesNotMatch(text.replace(/\/assets\/.*/s, ''), TOKEN)
      const cookies = (await context.cookies()).filter(({ name }) => name.includes('bank'))
      for (const cookie of cookies) assert.ok(cookie.httpOnly && cookie.secure, cookie.name)
      const session = cookies.find(({ name }) => name === '__Host-Http-bank')
      assert.equal(session?.sameSite, 'Strict')
    }))

  test('BFF-08 renews an expired token once, however many tabs ask at the same time', () =>
    within(async ({ page, context }) => {
      await logIn(page)
      const other = await context.newPage()
      await other.goto(`${bank.app}/accounts`)
      await other.waitForSelector('.transaction')
      const since = Date.now()
      await page.waitForTimeout((ACCESS_TOKEN + 1) * 1_000)
      const statuses = await Promise.all([callTimes(page, 4), callTimes(other, 4)])
      assert.deepEqual(new Set(statuses.flat()), new Set([200]))
      const renewals = (await bank.steps(since)).filter((step) => step.startsWith('token'))
      assert.deepEqual(renewals, ['token issued'])
    }))

  test('STEP-01 STEP-02 STEP-03 makes a payment after asking for the password again, and keeps the form', () =>
    within(async ({ page }) => {
      await logIn(page)
      const before_ = await balanceOf(page)
      await page.waitForTimeout((RECENT_LOGIN + 1) * 1_000)
      await fillPayment(page)
      await page.click('#submit-payment')
      await typePassword(page)
      await page.waitForURL(`${bank.app}/pay`)
      await page.waitForSelector('#resumed')
      for (const [name, value] of Object.entries(PAYMENT)) {
        assert.equal(await page.inputValue(`#${name}`), value)
      }
      assert.equal(await page.evaluate(() => sessionStorage.length), 0)
      await page.click('#submit-payment')
      await page.waitForSelector('#receipt')
      assert.match(await page.innerText('#receipt'), /24\.90.*Bob Example/)
      assert.notEqual(await balanceOf(page), before_)
      assert.match(await page.innerText('.transaction:first-of-type'), /Bob Example[^]*24\.90/)

      await page.click('#flow')
      await page.waitForSelector('[data-topic=payment]')
      const refused = page.locator('[data-topic=payment] .hop.refused')
      assert.match(await refused.innerText(), /STEP-01/)
      const topics = await page
        .locator('.scene')
        .evaluateAll((scenes) => scenes.map((scene) => scene.getAttribute('data-topic')))
      const asked = topics.indexOf('step_up')
      assert.equal(topics[0], 'login')
      assert.ok(topics.indexOf('payment') < asked && asked < topics.lastIndexOf('payment'))
      assert.deepEqual(
        await page
          .locator('[data-topic=step_up] .hop')
          .evaluateAll((hops) => hops.map((hop) => hop.getAttribute('data-hop'))),
        [
          'login_asked',
          'request_pushed',
          'sent_to_server',
          'logged_in',
          'sent_back',
          'code_returned',
          'code_exchanged',
          'session_opened',
        ],
      )
      const told = await page.evaluate(async () =>
        (await fetch('/trail', { headers: { 'x-csrf': '1' } })).text(),
      )
      assert.doesNotMatch(told, TOKEN)
      assert.doesNotMatch(told, /Bob|DE89|Alice/)
    }))

  test('says what is wrong with a payment, beside the field', () =>
    within(async ({ page }) => {
      await logIn(page)
      await fillPayment(page, { iban: 'DE89 3704 0044 0532 0130 01', amount: '99999999' })
      await page.click('#submit-payment')
      await page.waitForSelector('#error')
      await page.waitForSelector('#iban:focus')
      assert.match(await page.innerText('#iban-mistake'), /not an IBAN/)
      assert.match(await page.innerText('#amount-mistake'), /at most/)
      assert.equal(await page.getAttribute('#iban', 'aria-describedby'), 'iban-mistake')
      await page.fill('#recipient', ' ')
      await page.click('#submit-payment')
      await page.waitForSelector('#recipient-mistake')
    }))
})

describe('the app of the bank', () => {
  test('works by keyboard alone', () =>
    within(async ({ page }) => {
      const tabTo = async (id: string): Promise<void> => {
        for (let tabs = 0; tabs < 15; tabs += 1) {
          if (await page.evaluate((wanted) => document.activeElement?.id === wanted, id)) return
          await page.keyboard.press('Tab')
        }
        assert.fail(`${id} cannot be reached`)
      }
      await page.goto(bank.app)
      await page.waitForSelector('#login')
      await tabTo('login')
      await page.keyboard.press('Enter')
      await page.waitForSelector('#username:focus')
      await page.keyboard.type(USER)
      await page.keyboard.press('Tab')
      await page.keyboard.type(PASSWORD)
      await page.keyboard.press('Enter')
      await page.waitForSelector('.transaction')
      await tabTo('pay')
      await page.keyboard.press('Enter')
      await page.waitForSelector('h1:focus')
      assert.equal(await page.title(), 'Make a payment · Meridian Bank')
      for (const [name, value] of Object.entries(PAYMENT)) {
        await page.waitForSelector(`#${name}`)
        await tabTo(name)
        await page.keyboard.type(value)
      }
      await page.keyboard.press('Enter')
      await page.waitForSelector('#receipt')
    }))

  test('ends a session of another browser from here', () =>
    within(async ({ page }) => {
      await logIn(page)
      await within(async (elsewhere) => {
        await logIn(elsewhere.page)
        await page.click('#sessions')
        await page.waitForSelector('.device')
        await page.click('#end-others')
        await page.waitForSelector('#end-others', { state: 'detached' })
        assert.equal(await page.locator('.device').count(), 1)
        assert.deepEqual(await callTimes(elsewhere.page, 1), [401])
        await elsewhere.page.click('#sessions')
        await elsewhere.page.waitForSelector('#error')
        assert.match(await elsewhere.page.innerText('#error'), /session has ended/)
        await elsewhere.page.click('#error #login')
        await elsewhere.page.waitForURL(`${bank.app}/sessions`)
      })
      assert.deepEqual(await callTimes(page, 1), [200])
    }))

  test('logs out here and at the login server', () =>
    within(async ({ page, context }) => {
      await logIn(page)
      const other = await context.newPage()
      await other.goto(`${bank.app}/accounts`)
      await other.waitForSelector('.transaction')
      await page.click('#logout')
      await page.waitForURL(`${bank.app}/`)
      await page.waitForSelector('#login')
      assert.deepEqual(await callTimes(other, 1), [401])
      await page.click('#login')
      await page.waitForSelector('#password')
      await page.goto(`${bank.app}/flow`)
      await page.waitForSelector('.scene, .lead')
    }))

  test('LOG-09 LOG-10 hears of a logout at the login server', () =>
    within(async ({ page, context }) => {
      await logIn(page)
      const server = await context.newPage()
      await server.goto(`${bank.issuer}/logout`)
      await server.click('#logout')
      await server.waitForSelector('[role=status]')
      let status = 200
      for (let tries = 0; status === 200 && tries < 50; tries += 1) {
        await page.waitForTimeout(100)
        status = (await callTimes(page, 1))[0] ?? 0
      }
      assert.equal(status, 401)
    }))

  test('tells why a login did not work', () =>
    within(async ({ page }) => {
      await page.goto(bank.app)
      await page.click('#login')
      await page.click('#cancel')
      await page.waitForURL(`${bank.app}/login-failed?error=access_denied`)
      assert.match(await page.innerText('#error'), /cancelled/)
      await page.waitForSelector('#login')
    }))

  test('BFF-06 takes no call that is not from its own pages', () =>
    within(async ({ page }) => {
      await logIn(page)
      const statuses = await page.evaluate(() =>
        Promise.all(
          ['/api/accounts', '/trail', '/bff/user'].map(async (path) => (await fetch(path)).status),
        ),
      )
      assert.deepEqual(statuses, [403, 403, 403])
    }))

  test('speaks German to who reads it', () =>
    within(
      async ({ page }) => {
        await logIn(page)
        assert.equal(await page.getAttribute('html', 'lang'), 'de')
        assert.match(await page.innerText('h1'), /Guten Tag/)
        assert.match(await page.innerText('.statement'), /Umsätze[^]*Lebensmittel/)
        await picture(page, 'german')
      },
      { locale: 'de-DE', ...PHONE },
    ))
})

describe('the pages of the bank', () => {
  for (const [device, options] of Object.entries(SCREENS)) {
    test(`fit the screen of a ${device} and break no rule of theirs`, () =>
      within(async ({ page }) => {
        await page.goto(bank.app)
        await page.waitForSelector('#login')
        await picture(page, `${device}-landing`)
        await logIn(page)
        await picture(page, `${device}-accounts`)
        await fillPayment(page, { iban: 'DE00' })
        await page.click('#submit-payment')
        await page.waitForSelector('#iban-mistake')
        await picture(page, `${device}-pay`)
        await page.fill('#iban', PAYMENT.iban)
        await page.click('#submit-payment')
        await page.waitForSelector('#receipt')
        await picture(page, `${device}-receipt`)
        await page.click('#sessions')
        await page.waitForSelector('.device')
        await picture(page, `${device}-sessions`)
        await page.click('#flow')
        await page.waitForSelector('.hop')
        await page.click('.hop summary')
        await picture(page, `${device}-flow`)
      }, options))
  }
})
