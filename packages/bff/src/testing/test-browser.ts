import { once } from 'node:events'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { text } from 'node:stream/consumers'
import { TEST_CA } from './certificates.ts'

export interface Answer {
  readonly url: URL
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Asking {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly body?: string | Buffer
}

type Site = 'same-origin' | 'same-site' | 'cross-site' | 'none'

interface Cookie {
  readonly value: string
  readonly sameSite: string
}

const agent = new Agent({ ca: TEST_CA, keepAlive: true })

/** What of a browser matters here: cookies with their `SameSite`, and what it says about who asks. */
export class TestBrowser {
  /** By origin and name. Real ones mix the ports of a host; a test is clearer without. */
  readonly cookies: Map<string, Map<string, Cookie>> = new Map()

  cookie(url: string | URL, name: string): string | undefined {
    return this.jar(url).get(name)?.value
  }

  jar(url: string | URL): Map<string, Cookie> {
    const { origin } = new URL(url)
    const jar = this.cookies.get(origin) ?? new Map<string, Cookie>()
    this.cookies.set(origin, jar)
    return jar
  }

  /** Opens a page; redirects are answers. */
  open(url: string | URL, site: Site = 'same-origin', asking: Asking = {}): Promise<Answer> {
    const headers = {
      accept: 'text/html,*/*',
      'sec-fetch-site': site,
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
      ...asking.headers,
    }
    return this.send(url, { ...asking, headers }, site !== 'cross-site')
  }

  /** A call of a script of the app. */
  call(url: string | URL, asking: Asking = {}): Promise<Answer> {
    const headers = {
      'x-csrf': '1',
      'sec-fetch-site': 'same-origin',
      'sec-fetch-mode': 'cors',
      'sec-fetch-dest': 'empty',
      ...asking.headers,
    }
    return this.send(url, { ...asking, headers }, true)
  }

  async send(url: string | URL, asking: Asking, strict: boolean): Promise<Answer> {
    const incoming = await this.stream(url, asking, strict)
    const { statusCode: status = 0, headers } = incoming
    return { url: new URL(url), status, headers, body: await text(incoming) }
  }

  /** The head of an answer; the rest as it comes. */
  async stream(url: string | URL, asking: Asking, strict = true): Promise<IncomingMessage> {
    const cookie = this.header(url, strict)
    const headers = Object.fromEntries(
      Object.entries({ ...(cookie !== '' && { cookie }), ...asking.headers }).filter(
        (pair): pair is [string, string] => pair[1] !== undefined,
      ),
    )
    const { hostname: servername } = new URL(url)
    const outgoing = request(url, { agent, servername, method: asking.method ?? 'GET', headers })
    outgoing.end(asking.body)
    const [incoming]: readonly unknown[] = await once(outgoing, 'response')
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what this event carries
    const answer = incoming as IncomingMessage
    this.keep(url, answer.headers['set-cookie'] ?? [])
    return answer
  }

  header(url: string | URL, strict: boolean): string {
    return [...this.jar(url)]
      .filter(([, { sameSite }]) => strict || sameSite !== 'Strict')
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ')
  }

  keep(url: string | URL, setCookies: readonly string[]): void {
    for (const line of setCookies) {
      const [pair = '', ...attributes] = line.split('; ')
      const at = pair.indexOf('=')
      const name = pair.slice(0, at)
      const sameSite = attributes.find((each) => each.startsWith('SameSite='))?.slice(9) ?? 'Lax'
      if (attributes.includes('Max-Age=0')) this.jar(url).delete(name)
      else this.jar(url).set(name, { value: pair.slice(at + 1), sameSite })
    }
  }
}

/** Where a page of the BFF goes on to by itself. */
export function goesOnTo({ body }: Answer): string | undefined {
  const escaped = /<meta http-equiv="refresh" content="0;url=([^"]*)">/.exec(body)?.[1]
  return escaped?.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
}
