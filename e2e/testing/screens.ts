import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'

/** Set it to a folder to look at the pages. */
const FOLDER = process.env['SIGNET_SCREENSHOTS']

export const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
}
export const DESKTOP: BrowserContextOptions = {
  viewport: { width: 1280, height: 860 },
}

/** Where every page has to fit, by names for its pictures. */
export const SCREENS: Readonly<Record<string, BrowserContextOptions>> = {
  phone: PHONE,
  desktop: DESKTOP,
  'phone-dark': { ...PHONE, colorScheme: 'dark' },
  'desktop-dark': { ...DESKTOP, colorScheme: 'dark' },
}

/** A browser profile of its own, and everything its pages complained about. */
export interface Profile {
  readonly context: BrowserContext
  readonly page: Page
  readonly complaints: readonly string[]
}

export async function openProfile(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<Profile> {
  const context = await browser.newContext({ locale: 'en-GB', ...DESKTOP, ...options })
  context.setDefaultTimeout(10_000)
  const complaints: string[] = []
  context.on('console', (message) => {
    if (!['error', 'warning'].includes(message.type())) return
    // What Chromium says of an answer that is expected, and of a page that is itself the answer to a mistake.
    if (/status of 4\d\d/.test(message.text())) return
    complaints.push(message.text())
  })
  context.on('weberror', (error) => complaints.push(String(error.error())))
  return { context, page: await context.newPage(), complaints }
}

/** Proves that a page fits the screen, and keeps a picture of it for whoever wants to look. */
export async function picture(page: Page, name: string, fullPage = true): Promise<void> {
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  )
  assert.equal(overflow, 0, `${name} is wider than the screen`)
  await keepPicture(page, name, fullPage)
}

/** Keeps a picture, whatever is on it. */
export async function keepPicture(page: Page, name: string, fullPage = false): Promise<void> {
  if (FOLDER === undefined) return
  await page.screenshot({ path: join(FOLDER, `${name}.png`), fullPage })
}
