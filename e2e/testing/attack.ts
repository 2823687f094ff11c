import type { Page } from 'playwright-core'

/** What an attacker would like to call. */
export const TARGETS: readonly string[] = [
  '/api/payments',
  '/api/accounts',
  '/bff/logout',
  '/bff/sessions',
  '/bff/user',
]

/** A page that attacks an app by loading, framing and posting, without any script. */
export function attackPage(app: string): string {
  const loads = TARGETS.map(
    (path) => `<img src="${app}${path}"><script src="${app}${path}"></script>`,
  )
  const forms = TARGETS.map(
    (path) => `<form method="post" target="sink" enctype="text/plain" action="${app}${path}">
      <input name='{"recipient":"Mallory","amount":100,"x":"' value='"}'></form>`,
  )
  return `<h1>win</h1><iframe name="sink"></iframe><iframe name="app" src="${app}/pay"></iframe>
    ${loads.join('')}${forms.join('')}`
}

/** Sends the forms of the page, and all that `fetch` can be told to send. @returns what the page could read */
export function attackByScript(page: Page, app: string): Promise<readonly string[]> {
  return page.evaluate(
    async ({ origin, paths }) => {
      const got: string[] = []
      const attempt = async (path: string, init: RequestInit): Promise<void> => {
        try {
          const answer = await fetch(origin + path, { credentials: 'include', ...init })
          const body = await answer.text()
          if (body !== '') got.push(`${path} ${body}`)
        } catch {
          // What the browser does not let happen.
        }
      }
      const headers = { 'x-csrf': '1', 'content-type': 'application/json', 'idempotency-key': '1' }
      for (const path of paths) {
        await attempt(path, { mode: 'no-cors' })
        await attempt(path, { mode: 'no-cors', method: 'POST', body: '{"amount":1}' })
        await attempt(path, { headers: { 'x-csrf': '1' } })
        await attempt(path, { method: 'POST', headers, body: '{}' })
        await attempt(path, { method: 'DELETE', headers })
      }
      for (const form of document.forms) {
        form.submit()
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      return got
    },
    { origin: app, paths: TARGETS },
  )
}

/** Opens streams and a socket. @returns what the page heard */
export function attackBySocket(page: Page, app: string): Promise<readonly string[]> {
  return page.evaluate(async (origin) => {
    const got: string[] = []
    const streams = ['/api/accounts', '/bff/user'].map(
      (path) =>
        new Promise<void>((resolve) => {
          const source = new EventSource(origin + path, { withCredentials: true })
          source.addEventListener('message', ({ data }) => got.push(String(data)))
          source.addEventListener('open', () => got.push(`stream ${path}`))
          source.addEventListener('error', () => {
            source.close()
            resolve()
          })
        }),
    )
    const socket = new Promise<void>((resolve) => {
      const opened = new WebSocket(`${origin.replace('https', 'wss')}/api/accounts`)
      opened.addEventListener('open', () => got.push('socket'))
      opened.addEventListener('close', () => resolve())
    })
    await Promise.all([...streams, socket])
    return got
  }, app)
}

/** Every answer the app gave to a page, also those the browser kept from it, such as `GET /bff/login 403`. */
export async function watched(page: Page, origin: string): Promise<readonly string[]> {
  const seen: string[] = []
  const asked = new Map<string, string>()
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Network.enable')
  devtools.on('Network.requestWillBeSent', ({ requestId, request }) => {
    const { origin: to, pathname } = new URL(request.url)
    if (to === origin) asked.set(requestId, `${request.method} ${pathname}`)
  })
  devtools.on('Network.responseReceivedExtraInfo', ({ requestId, statusCode }) => {
    const what = asked.get(requestId)
    if (what !== undefined) seen.push(`${what} ${statusCode}`)
  })
  return seen
}
