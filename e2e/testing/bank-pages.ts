import type { Browser, BrowserContext, Page } from 'playwright-core'
import type { BankStage } from './bank-stage.ts'
import { ask, type Answer } from './https.ts'
import { PASSWORD, USER } from './site.ts'

/** Of the app of the bank. */
export const SESSION_COOKIE = '__Host-Http-bank'

/** Types what the login page of the authorization server asks for, and agrees where that is asked. */
export async function passLogin(page: Page, there: string): Promise<void> {
  await page.waitForSelector('#password')
  if (await page.isEditable('#username')) await page.fill('#username', USER)
  await page.fill('#password', PASSWORD)
  await page.click('button#login')
  await passConsent(page, there)
}

/** Agrees, if that is asked, until the browser is there. */
export async function passConsent(page: Page, there: string): Promise<void> {
  await Promise.race([
    page.waitForURL(there),
    page.click('#approve').then(() => page.waitForURL(there)),
  ])
}

/** From the landing page to the accounts. */
export async function logIn(page: Page, app: string): Promise<void> {
  await page.goto(app)
  await page.click('#login')
  await passLogin(page, `${app}/accounts`)
  await page.waitForSelector('.transaction')
}

/** What a page of the app gets when it calls. */
export interface Told {
  readonly status: number
  readonly body: string
}

export function call(page: Page, path: string): Promise<Told> {
  return page.evaluate(async (url) => {
    const answer = await fetch(url, { headers: { 'x-csrf': '1' } })
    return { status: answer.status, body: await answer.text() }
  }, path)
}

/** What a script of the app would send, from outside of the browser: to many processes, as often as one likes. */
export function callWith(cookie: string, url: string): Promise<Answer> {
  return ask(url, { headers: { cookie, 'x-csrf': '1', 'sec-fetch-site': 'same-origin' } })
}

/** The value of the session's cookie. */
export async function sessionOf(context: BrowserContext, app: string): Promise<string | undefined> {
  const cookies = await context.cookies(app)
  return cookies.find(({ name }) => name === SESSION_COOKIE)?.value
}

export async function isLoggedIn(page: Page): Promise<boolean> {
  const { authenticated }: { authenticated: boolean } = JSON.parse(
    (await call(page, '/bff/user')).body,
  )
  return authenticated
}

/** Gives a browser profile of its own to some work, and tells what the bank said if that fails. */
export async function inProfile(
  browser: Browser,
  bank: BankStage,
  work: (page: Page, context: BrowserContext) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext({ locale: 'en-GB' })
  context.setDefaultTimeout(10_000)
  const page = await context.newPage()
  try {
    await work(page, context)
  } catch (error) {
    throw new Error(`at ${page.url()}; the bank said: ${bank.output()}`, { cause: error })
  } finally {
    await context.close()
  }
}
