import type { BrowserCookies, Service } from '@signet/engine'
import type { FastifyRequest } from 'fastify'
import { basePath } from '../http/served.ts'
import { negotiate, type Language } from '../pages/language.ts'
import type { Site } from '../pages/render.ts'
import { browserCookies, readCookie, type CookieNames } from './cookies.ts'

/** The person at the browser, as far as a request tells. */
export interface Visitor {
  readonly cookies: BrowserCookies
  readonly device: string | undefined
  /** Of the connection. */
  readonly address: string
  readonly acceptLanguage: string | undefined
}

export function visitorOf({ headers, raw }: FastifyRequest, names: CookieNames): Visitor {
  return {
    cookies: browserCookies(headers.cookie, names),
    device: readCookie(headers.cookie, names.device),
    address: raw.socket.remoteAddress ?? '',
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
