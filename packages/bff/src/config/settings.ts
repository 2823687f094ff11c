import type { Seconds } from '@signet/protocol'
import { clientProblems, signingProblems } from './client-settings.ts'
import type {
  BffOptions,
  FrontendOptions,
  ResponseKeys,
  RouteOptions,
  TokenKind,
} from './options.ts'
import { optionsSchema } from './schema.ts'

/** The options cannot be used. The message lists everything that is wrong with them, and no secret. */
export class Misconfigured extends Error {
  override readonly name = 'Misconfigured'
}

/** One thing that is wrong with options, and the members that lead to it; none, if it is not in one place. */
export interface Misconfiguration {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

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

/**
 * Reads the frontends.
 *
 * @throws Misconfigured
 */
export function readFrontends(options: BffOptions): readonly Frontend[] {
  refuse(misconfigurations(options))
  // The longest folder first: the app in `/` gets what no other does.
  return options.frontends.map(frontendOf).toSorted((a, b) => b.folder.length - a.folder.length)
}

/** @throws Misconfigured with all problems, if there are any */
export function refuse(problems: readonly Misconfiguration[]): void {
  if (problems.length > 0) throw new Misconfigured(problems.map(lineOf).join('\n'))
}

/** Everything that is wrong with the options, but for the keys and the certificate of the client. */
export function misconfigurations(options: BffOptions): readonly Misconfiguration[] {
  const parsed = optionsSchema.safeParse(options)
  const alone = parsed.error?.issues.map(({ path, message }) => ({ path, message })) ?? []
  const isClientRead = alone.every(({ path: [first] }) => first !== 'client')
  const together = parsed.success
    ? [...clashes(options.frontends.map(frontendOf)), ...lifetimes(options)]
    : []
  return [
    ...alone,
    ...(isClientRead ? clientProblems(options) : []),
    ...(parsed.success ? signingProblems(options) : []),
    ...together.map((message) => ({ path: [], message })),
  ]
}

function lineOf({ path, message }: Misconfiguration): string {
  return path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`
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

/** What is right alone and wrong together. */
function clashes(frontends: readonly Frontend[]): readonly string[] {
  return frontends.flatMap((one, index) => [
    ...frontends.slice(index + 1).flatMap((other) => rivalry(one, other)),
    ...contradictions(one),
  ])
}

function rivalry(one: Frontend, other: Frontend): readonly string[] {
  if (one.name === other.name) return [`two frontends are named ${one.name}`]
  if (one.host !== other.host || one.folder !== other.folder) return []
  return [`${one.name} and ${other.name} have the same host and path`]
}

function contradictions({ name, folder, base, routes, ...rest }: Frontend): readonly string[] {
  const matches = routes.map(({ match }) => match)
  const paths = [base, rest.postLogoutPath, rest.errorPath ?? folder, ...matches]
  return [
    ...paths
      .filter((path) => !path.startsWith(folder))
      .map((path) => `${path} of ${name} is not below ${folder}`),
    ...matches
      .filter((match) => `${base}/`.startsWith(match) || match.startsWith(`${base}/`))
      .map((match) => `route ${match} of ${name} clashes with ${base}`),
    ...(new Set(matches).size < matches.length ? [`${name} has one route twice`] : []),
  ]
}

function lifetimes({ sessions: { sliding, absolute } }: BffOptions): readonly string[] {
  return sliding !== undefined && absolute !== undefined && sliding > absolute
    ? ['sessions.sliding is longer than sessions.absolute']
    : []
}
