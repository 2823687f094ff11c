import type { Route } from '../config/settings.ts'
import type { RequestTarget } from '../http/request-target.ts'

export function routeOf(routes: readonly Route[], path: string): Route | undefined {
  return routes.find(({ match }) => path.startsWith(match))
}

/**
 * Where a call goes: below the target of its route, or nowhere. The path was read strictly before (`readTarget`); that it
 * stays what it was is checked again here, where it counts.
 *
 * @see RFC 9700 §4.9
 */
export function targetUrl(route: Route, { path, search }: RequestTarget): URL | undefined {
  const expected = route.target.pathname + path.slice(route.match.length)
  const url = URL.parse(route.target.origin + expected + search)
  if (url === null || url.origin !== route.target.origin || url.pathname !== expected) {
    return undefined
  }
  return url
}

/** How the browser calls a place that an API names in `Location`; nothing for places outside of the route. */
export function frontendPath(route: Route, location: string, base: URL): string | undefined {
  const url = URL.parse(location, base)
  if (url === null || url.origin !== route.target.origin) return undefined
  if (!url.pathname.startsWith(route.target.pathname)) return undefined
  return route.match + url.pathname.slice(route.target.pathname.length) + url.search + url.hash
}
