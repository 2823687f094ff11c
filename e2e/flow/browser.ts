import { formsOf, type Form } from './forms.ts'

/** A page the browser stands on. */
export interface Page {
  readonly url: URL
  readonly status: number
  readonly headers: Headers
  readonly html: string
}

const MOST_REDIRECTS = 10

/**
 * As much of a browser as a login needs: it keeps the cookies of one host, follows 303 and fills in forms. It refuses
 * what a careful browser would: a redirect that repeats the body, and cookies that are not bound to the host.
 */
export class Browser {
  readonly #cookies = new Map<string, string>()
  readonly #home: string

  /** @param home the origin whose cookies are kept; a redirect away from it is not followed but returned */
  constructor(home: string) {
    this.#home = home
  }

  /** Opens a page. The answer is the page the redirects end on, or the address that leads away from home. */
  open(url: URL): Promise<Page | URL> {
    return this.#go(url, { method: 'GET' })
  }

  /**
   * Presses a button of the page, after filling in fields by their ids, which are their names.
   *
   * @throws Error when the page has no such button
   */
  press(
    page: Page,
    button: string,
    fill: Readonly<Record<string, string>> = {},
  ): Promise<Page | URL> {
    const { action, method, body } = submission(page, button, fill)
    return this.#go(action, { method, body, headers: { origin: this.#home } })
  }

  async #go(start: URL, first: RequestInit): Promise<Page | URL> {
    let url = start
    let init = first
    for (let hop = 0; hop < MOST_REDIRECTS; hop += 1) {
      if (url.origin !== this.#home) return url
      const response = await fetch(url, {
        ...init,
        headers: this.#headers(init),
        redirect: 'manual',
      })
      this.#keep(response)
      const location = response.headers.get('location')
      if (location === null) return pageOf(url, response)
      if (response.status !== 303)
        throw new Error(`redirected by ${response.status} instead of 303`)
      await response.body?.cancel()
      url = new URL(location, url)
      init = { method: 'GET' }
    }
    throw new Error(`redirected more than ${MOST_REDIRECTS} times`)
  }

  #headers({ headers }: RequestInit): Headers {
    const all = new Headers(headers)
    all.set('accept', 'text/html')
    const cookies = this.cookies()
    if (cookies !== '') all.set('cookie', cookies)
    return all
  }

  /** The `Cookie` header it would send home. */
  cookies(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  #keep(response: Response): void {
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = cookie.split(';').map((part) => part.trim())
      const [name = '', ...value] = pair.split('=')
      assertBound(name, attributes)
      const isOver = attributes.some((attribute) => /^max-age=0$/i.test(attribute))
      if (isOver) this.#cookies.delete(name)
      else this.#cookies.set(name, value.join('='))
    }
  }
}

/** What is sent where by pressing a button. */
export interface Submission {
  readonly action: URL
  readonly method: string
  readonly body: URLSearchParams
}

/**
 * What pressing a button of the page would send, after filling in fields.
 *
 * @throws Error when the page has no such button
 */
export function submission(
  page: Page,
  button: string,
  fill: Readonly<Record<string, string>> = {},
): Submission {
  const { action, method, fields, buttons } = formWith(page, button)
  const pressed = buttons.get(button)
  const all = [...fields, ...Object.entries(fill), ...(pressed ? [pressed] : [])]
  return { action, method, body: new URLSearchParams(Object.fromEntries(all)) }
}

async function pageOf(url: URL, response: Response): Promise<Page> {
  const { status, headers } = response
  return { url, status, headers, html: await response.text() }
}

function formWith(page: Page, button: string): Form {
  const form = formsOf(page.html, page.url).find(({ ids }) => ids.has(button))
  if (form) return form
  throw new Error(`the page at ${page.url.href} (${page.status}) has no button "${button}"`)
}

/** @throws Error unless the cookie is one that only this host can set and no script can read */
function assertBound(name: string, attributes: readonly string[]): void {
  const has = (attribute: string): boolean =>
    attributes.some((given) => given.toLowerCase() === attribute)
  if (name.startsWith('__Host-') && has('secure') && has('httponly') && has('path=/')) return
  throw new Error(`the cookie ${name} is not bound to its host`)
}
