import {
  accessTokenHash,
  challengeOf,
  generateSigningKey,
  type Algorithm,
  type SigningKey,
} from '@signet/protocol'
import { forge } from '@signet/protocol/testing'
import { randomBytes, randomUUID } from 'node:crypto'
import { Browser, type Page } from '../flow/browser.ts'
import { ask, json, member, post, type Answer, type Asking } from './https.ts'
import { PASSWORD, USER } from './site.ts'

/** What is said instead of the right thing; `undefined` leaves a member out. */
export interface Forging {
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  readonly key?: SigningKey
}

/** One request that differs from a good one. */
export interface Difference extends Asking {
  readonly form?: Readonly<Record<string, string | undefined>>
  readonly assertion?: Forging | string | null
  readonly proof?: Forging | string | null
  /** Where it goes, if not where it should. */
  readonly url?: string
}

export interface Granted {
  readonly accessToken: string
  readonly refreshToken: string | undefined
  readonly idToken: string | undefined
}

export interface PeerOptions {
  /** Empty until the server is there: see `at`. */
  readonly issuer?: string
  readonly clientId: string
  readonly scope?: string
  readonly algorithm?: Algorithm
  readonly key?: SigningKey
  readonly redirectUri?: string
}

const now = (): number => Math.floor(Date.now() / 1_000)
const randomText = (): string => randomBytes(32).toString('base64url')

/**
 * A client made by hand, so that every part of a request can be wrong. What the libraries prove to work, this one uses
 * to prove what does not.
 */
export class Peer {
  readonly issuer: string
  readonly clientId: string
  readonly scope: string
  readonly key: SigningKey
  readonly proofKey: SigningKey = generateSigningKey('ES256')
  readonly redirectUri: string
  readonly verifier: string = randomText()
  /** The last nonce the server handed out. */
  nonce: string | undefined

  constructor({ issuer = '', clientId, scope = 'accounts', ...rest }: PeerOptions) {
    this.issuer = issuer
    this.clientId = clientId
    this.scope = scope
    this.redirectUri = rest.redirectUri ?? 'https://client.example/callback?tenant=1'
    this.key = rest.key ?? generateSigningKey(rest.algorithm ?? 'ES256')
  }

  /** The same client, at this server. */
  at(issuer: string): Peer {
    const { clientId, scope, key, redirectUri } = this
    return new Peer({ issuer, clientId, scope, key, redirectUri })
  }

  /** How the client is registered. */
  metadata(more: object = {}): Readonly<Record<string, unknown>> {
    return {
      client_id: this.clientId,
      client_name: `Client ${this.clientId}`,
      redirect_uris: [this.redirectUri],
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [this.key.publicJwk] },
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      scope: 'openid profile email accounts payments offline_access',
      dpop_bound_access_tokens: true,
      ...more,
    }
  }

  endpoint(name: string): string {
    return `${this.issuer}/${name}`
  }

  assertion({ header, claims, key = this.key }: Forging = {}): string {
    const iat = now()
    return forge(
      { typ: 'client-authentication+jwt', alg: key.algorithm, kid: key.kid, ...header },
      {
        iss: this.clientId,
        sub: this.clientId,
        aud: this.issuer,
        jti: randomUUID(),
        iat,
        exp: iat + 60,
        ...claims,
      },
      key,
    )
  }

  proof(url: string, { header, claims, key = this.proofKey }: Forging = {}): string {
    const { kid: _kid, use: _use, alg: _alg, ...jwk } = key.publicJwk
    return forge(
      { typ: 'dpop+jwt', alg: key.algorithm, jwk, ...header },
      { jti: randomUUID(), htm: 'POST', htu: url, iat: now(), nonce: this.nonce, ...claims },
      key,
    )
  }

  /** Posts to an endpoint of the back channel as this client. */
  async send(
    name: string,
    form: Readonly<Record<string, string | undefined>>,
    difference: Difference = {},
  ): Promise<Answer> {
    const { assertion, proof, url = this.endpoint(name) } = difference
    const credentials = assertion !== null && {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: typeof assertion === 'string' ? assertion : this.assertion(assertion),
    }
    const dpop = typeof proof === 'string' ? proof : this.proof(url, proof ?? {})
    const answer = await post(url, present({ ...credentials, ...form, ...difference.form }), {
      ...difference,
      headers: { ...(proof !== null && { dpop }), ...difference.headers },
    })
    const nonce = answer.headers['dpop-nonce']
    if (typeof nonce === 'string') this.nonce = nonce
    return answer
  }

  push(difference: Difference = {}): Promise<Answer> {
    return this.send('par', this.request(), difference)
  }

  request(): Readonly<Record<string, string>> {
    return {
      client_id: this.clientId,
      response_type: 'code',
      redirect_uri: this.redirectUri,
      scope: this.scope,
      state: 'a state',
      code_challenge: challengeOf(this.verifier),
      code_challenge_method: 'S256',
    }
  }

  exchange(code: string, difference: Difference = {}): Promise<Answer> {
    const form = {
      grant_type: 'authorization_code',
      code,
      redirect_uri: this.redirectUri,
      code_verifier: this.verifier,
    }
    return this.send('token', form, difference)
  }

  refresh(refreshToken: string, difference: Difference = {}): Promise<Answer> {
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken }
    return this.send('token', form, difference)
  }

  credentials(difference: Difference = {}): Promise<Answer> {
    const form = { grant_type: 'client_credentials', scope: 'accounts' }
    return this.send('token', form, difference)
  }

  introspect(token: string, difference: Difference = {}): Promise<Answer> {
    return this.send('introspect', { token }, { proof: null, ...difference })
  }

  revoke(token: string, difference: Difference = {}): Promise<Answer> {
    return this.send('revoke', { token }, { proof: null, ...difference })
  }

  userinfo(accessToken: string, difference: Difference = {}): Promise<Answer> {
    const { proof, url = this.endpoint('userinfo') } = difference
    const {
      header = {},
      claims = {},
      key = this.proofKey,
    } = typeof proof === 'object' && proof !== null ? proof : {}
    const made = this.proof(url, {
      header,
      claims: { htm: 'GET', ath: accessTokenHash(accessToken), ...claims },
      key,
    })
    const dpop = typeof proof === 'string' ? proof : made
    const headers = {
      authorization: `DPoP ${accessToken}`,
      ...(proof !== null && { dpop }),
      ...difference.headers,
    }
    return ask(url, { ...difference, headers })
  }

  /** Where the browser goes with a pushed request. */
  link(pushed: Answer): URL {
    const url = new URL(this.endpoint('authorize'))
    url.searchParams.set('client_id', this.clientId)
    url.searchParams.set('request_uri', member(pushed, 'request_uri'))
    return url
  }

  browser(): Browser {
    return new Browser(new URL(this.issuer).origin)
  }

  /** Pushes a request and lets a person log in and approve. @returns where the browser is sent */
  async authorize(browser: Browser = this.browser(), difference: Difference = {}): Promise<URL> {
    return passThrough(browser, this.link(await this.push(difference)))
  }

  /** The whole flow up to the tokens. */
  async logIn(browser: Browser = this.browser(), difference: Difference = {}): Promise<Granted> {
    const code = codeOf(await this.authorize(browser, difference))
    return granted(await this.exchange(code))
  }
}

/** A browser was shown a page that leads nowhere. */
export class Stranded extends Error {
  readonly status: number

  constructor({ url, status, html }: Page) {
    super(`the browser stays at ${url.href} with ${status}: ${html}`)
    this.status = status
  }
}

/**
 * Goes through login and consent, as far as they are asked for.
 *
 * @returns where the browser is sent
 * @throws Stranded when it is sent nowhere
 */
export async function passThrough(
  browser: Browser,
  link: URL,
  username: string = USER,
): Promise<URL> {
  let place = await browser.open(link)
  if (!(place instanceof URL) && place.html.includes('id="password"')) {
    place = await browser.press(place, 'login', { username, password: PASSWORD })
  }
  if (!(place instanceof URL) && place.html.includes('id="approve"')) {
    place = await browser.press(place, 'approve')
  }
  if (place instanceof URL) return place
  throw new Stranded(place)
}

export function codeOf(answer: URL): string {
  const code = answer.searchParams.get('code')
  if (code !== null) return code
  throw new Error(`no code in ${answer.href}`)
}

export function granted(answer: Answer): Granted {
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.body}`)
  const { access_token, refresh_token, id_token } = json(answer)
  return {
    accessToken: String(access_token),
    refreshToken: typeof refresh_token === 'string' ? refresh_token : undefined,
    idToken: typeof id_token === 'string' ? id_token : undefined,
  }
}

function present(form: Readonly<Record<string, string | undefined>>): URLSearchParams {
  const fields = new URLSearchParams()
  for (const [name, value] of Object.entries(form)) if (value !== undefined) fields.set(name, value)
  return fields
}
