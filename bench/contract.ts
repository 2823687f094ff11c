/** The four requests of a complete flow, in order. */
export const phases = ['par', 'authorize', 'token', 'userinfo'] as const

export type Phase = (typeof phases)[number]

/** Microseconds of one process, user and system, all threads. */
export type Microseconds = number

export type CpuByPhase = Readonly<Record<Phase, Microseconds>>

/** ES256 operations that a request cannot do without. */
export interface Spending {
  readonly verifies: number
  readonly signs: number
}

/**
 * What a complete flow forces any server to do: an assertion and a proof at PAR and at the token
 * endpoint, a proof at userinfo; an access token and an ID token to sign.
 */
export const forced: Readonly<Record<Phase, Spending>> = {
  par: { verifies: 2, signs: 0 },
  authorize: { verifies: 0, signs: 0 },
  token: { verifies: 2, signs: 2 },
  userinfo: { verifies: 1, signs: 0 },
}

export interface PublicJwk {
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly x: string
  readonly y: string
}

/** What a server under test is told of the client that will drive it. */
export interface Setup {
  readonly mode: string
  readonly clientId: string
  readonly redirectUri: string
  readonly scope: string
  readonly jwk: PublicJwk & { readonly kid: string; readonly alg: 'ES256'; readonly use: 'sig' }
}

/** A server that listens, with a session that has consented to the client already. */
export interface Target {
  /** Where the socket is; plain HTTP on loopback. */
  readonly origin: string
  readonly issuer: string
  /** As published: what a proof says in `htu`. */
  readonly endpoints: Readonly<Record<Phase, string>>
  /** The `Cookie` header of the browser that has logged in and consented. */
  readonly cookie: string
  readonly subject: string
}

export type Ask =
  | { readonly ask: 'start'; readonly setup: Setup }
  | { readonly ask: 'cpu' }
  | { readonly ask: 'spend'; readonly spending: Spending; readonly times: number }
  | { readonly ask: 'stop' }

export type Reply =
  | { readonly reply: 'ready'; readonly target: Target }
  | { readonly reply: 'started' }
  | { readonly reply: 'microseconds'; readonly microseconds: Microseconds }
  | { readonly reply: 'failed'; readonly reason: string }
