import { Browser, type Page } from './browser.ts'
import type { Pending, Session } from './session.ts'

/**
 * The person logs in and consents.
 *
 * @returns where the browser is sent
 */
export async function logIn({ demo, tell }: Session, { link }: Pending): Promise<URL> {
  const browser = new Browser(new URL(demo.issuer).origin)
  tell.step('Login', `A browser opens the link; the person logs in as ${demo.user}.`)
  const login = pageAt(await browser.open(link))
  tell.check('the page cannot run scripts or be framed', isLockedUp(login))
  tell.check(
    'it may only be reached over TLS from now on',
    login.headers.has('strict-transport-security'),
  )
  const { user: username, password } = demo
  const consent = pageAt(await browser.press(login, 'login', { username, password }))
  tell.check('the person is known, and every redirect was a 303', consent.status === 200)

  tell.step('Consent', 'The page says who asks, and for what; the person allows it.')
  const scopes = [...consent.html.matchAll(/data-scope="([^"]+)"/g)].map(([, scope]) => scope)
  tell.check(`it names what is asked for: ${scopes.join(', ')}`, scopes.includes('accounts'))
  const away = await browser.press(consent, 'approve')
  if (!(away instanceof URL)) throw new Error(`after consent the browser stays at ${away.url.href}`)
  return away
}

function pageAt(place: Page | URL): Page {
  if (place instanceof URL) throw new Error(`the browser was sent to ${place.origin} too early`)
  return place
}

function isLockedUp({ headers }: Page): boolean {
  const policy = headers.get('content-security-policy') ?? ''
  return policy.includes("default-src 'none'") && policy.includes("frame-ancestors 'none'")
}
