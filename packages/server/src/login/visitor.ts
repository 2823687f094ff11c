import type { BrowserCookies, Service } from '@signet/engine'
import type { FastifyRequest } from 'fastify'
import { basePath, type Served } from '../http/served.ts'
import { negotiate, type Language } from '../pages/language.ts'
import type { Site } from '../pages/render.ts'
import { browserCookies, readCookie, type CookieNames } from './cookies.ts'

/** The person at the browser, as far as a request tells. */
export interface Visitor {
  readonly cookies: BrowserCookies
  readonly device: string | undefined
  /** Of whoever sent the request, as far as it can be known. */
  readonly address: string
  readonly acceptLanguage: string | undefined
}

/** By what a service knows its visitors. */
interface Reception {
  readonly names: CookieNames
  readonly served: Pick<Served, 'proxies'>
}

export function visitorOf(
  { headers, raw }: FastifyRequest,
  { names, served: { proxies } }: Reception,
): Visitor {
  return {
    cookies: browserCookies(headers.cookie, names),
    device: readCookie(headers.cookie, names.device),
    address: proxies.callerOf(raw),
    acceptLanguage: headers['accept-language'],
  }
}

/** The language to speak to a visitor whom a client sent with these `ui_locales`. */
export function languageOf(
  { acceptLanguage }: Pick<Visitor, 'acceptLanguage'>,
  uiLocales?: string,
): Language {
  return negotiate(uiLocales, acceptLanguage)
}

/** What every page of a service says about where it stands. */
export function siteOf(service: Service): Site {
  return { serviceName: service.name, assetsPath: `${basePath(service)}/assets` }
}
