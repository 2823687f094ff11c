import type { OutgoingHttpHeaders } from 'node:http'
import { ask, type Answer, type Asking } from './https.ts'

/** As much of a browser as an app behind a BFF meets: it keeps the cookies of the app and says who asks. */
export class AppBrowser {
  readonly origin: string
  readonly #cookies = new Map<string, string>()

  constructor(origin: string) {
    this.origin = origin
  }

  /** What its cookies hold. */
  get values(): readonly string[] {
    return [...this.#cookies.values()]
  }

  /** Navigates; redirects are answers. @param site where the link stood */
  open(url: string | URL, site: 'none' | 'same-origin' | 'cross-site' = 'none'): Promise<Answer> {
    const headers = {
      accept: 'text/html',
      'sec-fetch-site': site,
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    }
    return this.#send(url, { headers })
  }

  /** Calls as a script of the app does. A header that is `undefined` is left out. */
  call(path: string, asking: Asking = {}): Promise<Answer> {
    const headers: OutgoingHttpHeaders = {
      'x-csrf': '1',
      'sec-fetch-site': 'same-origin',
      'sec-fetch-mode': 'cors',
      'sec-fetch-dest': 'empty',
      ...asking.headers,
    }
    return this.#send(path, { ...asking, headers })
  }

  async #send(url: string | URL, asking: Asking): Promise<Answer> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...asking.headers, ...(cookie !== '' && { cookie }) }
    const said = Object.entries(headers).filter(([, value]) => value !== undefined)
    const answer = await ask(new URL(url, this.origin), {
      ...asking,
      headers: Object.fromEntries(said),
    })
    for (const line of answer.headers['set-cookie'] ?? []) this.#keep(line)
    return answer
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split('; ')
    const [name = '', ...value] = pair.split('=')
    if (attributes.includes('Max-Age=0')) this.#cookies.delete(name)
    else this.#cookies.set(name, value.join('='))
  }
}
