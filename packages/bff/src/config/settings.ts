import type { Seconds } from '@signet/protocol'
import type {
  BffOptions,
  FrontendOptions,
  ResponseKeys,
  RouteOptions,
  TokenKind,
} from './options.ts'

export interface Route {
  readonly match: string
  readonly target: URL
  readonly token: TokenKind
  readonly scopes: readonly string[] | undefined
  readonly resource: string | undefined
  readonly methods: ReadonlySet<string>
  readonly requestHeaders: ReadonlySet<string>
  readonly webSocket: boolean
  readonly eventStream: boolean
  readonly csrf: boolean
  readonly signedRequest: boolean
  readonly signedResponse: boolean
  readonly responseKeys: ResponseKeys | undefined
  readonly timeout: Seconds
}

export interface Frontend {
  readonly name: string
  readonly origin: string
  /** What the Host header must be. */
  readonly host: string
  /** The folder of the app, `/` mostly. */
  readonly folder: string
  readonly base: string
  readonly scopes: readonly string[]
  readonly acrValues: readonly string[]
  readonly prompt: string | undefined
  readonly redirectUri: string
  readonly postLogoutPath: string
  readonly errorPath: string | undefined
  readonly static: string | undefined
  readonly contentSecurityPolicy: string
  readonly cookie: string
  readonly loginCookie: string
  readonly routes: readonly Route[]
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
const POLICY =
  "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'"
const SILENCE: Seconds = 30

/** The frontends as the options say, which must have been checked. */
export function readFrontends({ frontends }: BffOptions): readonly Frontend[] {
  // The longest folder first: the app in `/` gets what no other does.
  return frontends.map(frontendOf).toSorted((a, b) => b.folder.length - a.folder.length)
}

function frontendOf(options: FrontendOptions): Frontend {
  const { name, publicOrigin: origin, match = {}, scopes, acrValues = [] } = options
  const folder = match.path ?? '/'
  const base = options.basePath ?? `${folder}bff`
  return {
    name,
    origin,
    host: match.host ?? new URL(origin).host,
    folder,
    base,
    scopes,
    acrValues,
    prompt: options.prompt,
    redirectUri: `${origin}${base}/callback`,
    postLogoutPath: options.postLogoutPath ?? folder,
    errorPath: options.errorPath,
    static: options.static,
    contentSecurityPolicy: options.contentSecurityPolicy ?? POLICY,
    // Browsers that do not know `__Host-Http-` yet see a name that begins with `__Host-`.
    cookie: `__Host-Http-${name}`,
    loginCookie: `__Host-Http-${name}-login-`,
    routes: (options.routes ?? []).map(routeOf).toSorted((a, b) => b.match.length - a.match.length),
  }
}

function routeOf(options: RouteOptions): Route {
  const { match, target, token, scopes, resource } = options
  return {
    match,
    target: new URL(target),
    token,
    scopes,
    resource,
    methods: new Set(options.methods ?? METHODS),
    requestHeaders: new Set(options.requestHeaders),
    webSocket: options.webSocket ?? false,
    eventStream: options.eventStream ?? false,
    csrf: options.csrf ?? true,
    signedRequest: options.signedRequest ?? false,
    signedResponse: options.signedResponse ?? false,
    responseKeys: options.responseKeys,
    timeout: options.timeout ?? SILENCE,
  }
}
