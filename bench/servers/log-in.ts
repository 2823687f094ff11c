import assert from 'node:assert/strict'
import type { Answer, Connection, Sent } from '../connection.ts'
import type { Target } from '../contract.ts'
import type { Credentials } from '../credentials.ts'
import { codeOf, requestUriOf } from '../expected.ts'
import { authorize, beginFlow, pushRequest } from '../requests.ts'

export interface Person {
  readonly username: string
  readonly password: string
}

/** A server that nobody has logged in to yet. */
export type Unvisited = Omit<Target, 'cookie' | 'subject'>

/**
 * Logs a person in and lets the client have what it asks for, through the pages and forms a browser gets.
 *
 * @throws AssertionError on any answer but the right one
 */
export async function logIn(
  server: Unvisited,
  { username, password }: Person,
  { credentials, connection }: { credentials: Credentials; connection: Connection },
): Promise<Target> {
  const client = { target: { ...server, cookie: '', subject: '' }, credentials, connection }
  const flow = beginFlow(client, 0)
  const requestUri = requestUriOf(await pushRequest(client, flow))
  const browser = new Browser(server, connection)

  const login = await browser.follow(await authorize(client, requestUri))
  const known = await browser.submit(actionOf(login), { username, password })
  const consent = actionOf(await browser.follow(known))
  codeOf(await browser.submit(consent, { decision: 'approve' }), client, flow)

  const subject = consent.searchParams.get('subject')
  assert.ok(subject, 'the consent page does not say whose consent it is')
  return { ...server, cookie: browser.cookie, subject }
}

/** Keeps cookies and goes where it is sent; it speaks plain HTTP to a server whose pages say https. */
class Browser {
  readonly #server: Unvisited
  readonly #connection: Connection
  readonly #cookies = new Map<string, string>()

  constructor(server: Unvisited, connection: Connection) {
    this.#server = server
    this.#connection = connection
  }

  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  follow(redirect: Answer): Promise<Answer> {
    assert.equal(redirect.status, 303, redirect.body)
    this.#keep(redirect)
    return this.#go(new URL(redirect.headers.location ?? '', this.#server.issuer), 'GET')
  }

  submit(action: URL, fields: Readonly<Record<string, string>>): Promise<Answer> {
    return this.#go(action, 'POST', new URLSearchParams(fields).toString())
  }

  async #go({ host, pathname, search }: URL, method: Sent['method'], body = ''): Promise<Answer> {
    const type = body !== '' && { 'content-type': 'application/x-www-form-urlencoded' }
    const headers = { host, cookie: this.cookie, ...type }
    const answer = await this.#connection.send({ method, path: pathname + search, headers, body })
    this.#keep(answer)
    return answer
  }

  #keep({ headers }: Answer): void {
    for (const cookie of headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      this.#cookies.set(name, value)
    }
  }
}

/** Where the main form of a page goes. */
function actionOf({ status, body }: Answer): URL {
  const action = /<form id="form"[^>]* action="([^"]+)"/.exec(body)?.[1]
  assert.ok(status === 200 && action !== undefined, `no form in ${status} ${body}`)
  return new URL(action.replaceAll('&amp;', '&'), 'https://page.example')
}
