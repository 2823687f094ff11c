import { submission, type Browser } from '../flow/browser.ts'
import { PASSWORD, USER } from './site.ts'

/**
 * Goes through login and consent, as far as they are asked for, in any response mode.
 *
 * @returns the request that brings the response to the client
 */
export async function receive(
  browser: Browser,
  link: URL,
  decision: 'approve' | 'cancel' = 'approve',
): Promise<Request> {
  let place = await browser.open(link)
  if (!(place instanceof URL) && place.html.includes('id="password"')) {
    place = await browser.press(place, 'login', { username: USER, password: PASSWORD })
  }
  if (!(place instanceof URL) && place.html.includes(`id="${decision}"`)) {
    place = await browser.press(place, decision)
  }
  if (place instanceof URL) return new Request(place)
  const { action, method, body } = submission(place, 'continue')
  return new Request(action, { method, body })
}

/** The parameters of a response, by the way it came; a request can be read once. */
export async function parametersOf(request: Request): Promise<URLSearchParams> {
  return request.method === 'POST'
    ? new URLSearchParams(await request.clone().text())
    : new URL(request.url).searchParams
}
