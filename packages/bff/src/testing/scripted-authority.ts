import {
  decodeJwt,
  generateSigningKey,
  importPublicJwk,
  replayDigest,
  verifySignature,
  type SigningKey,
} from '@signet/protocol'
import { forge } from '@signet/protocol/testing'
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { serve, type Handler, type Served } from './serve.ts'

/** One request that came. */
export interface Received {
  readonly path: string
  readonly form: URLSearchParams
  readonly request: IncomingMessage
}

type Json = Readonly<Record<string, unknown>>

/**
 * An authorization server that does as it is told: well-behaved at first, with faults where a test wants them. It checks that
 * no assertion and no proof comes twice.
 */
export class ScriptedAuthority {
  readonly key: SigningKey = generateSigningKey('ES256')
  readonly received: Received[] = []
  /** Answers instead, by path. */
  readonly faults: Map<string, Handler> = new Map()
  readonly problems: string[] = []
  /** Asked of every proof, if set. */
  nonce: string | undefined
  expiresIn: number | undefined = 300
  /** Changes what ID tokens and answers say. */
  idToken: Json = {}
  idTokenKey: SigningKey = this.key
  idTokenHeader: Json = {}
  tokenAnswer: Json = {}
  metadata: Json = {}
  /** Whether refresh tokens are taken. */
  refreshable = true
  issued = 0
  readonly #seen = new Set<string>()
  readonly #pushed = new Map<string, URLSearchParams>()
  #served: Served | undefined

  async listen(): Promise<this> {
    this.#served = await serve((request, response) => this.#answer(request, response))
    return this
  }

  get issuer(): string {
    return this.#served?.origin ?? ''
  }

  async close(): Promise<void> {
    await this.#served?.close()
  }

  calls(path: string): readonly Received[] {
    return this.received.filter((each) => each.path === path)
  }

  /** Where the browser comes back after the person agreed to what was pushed last. */
  back(location: string, changes: Readonly<Record<string, string | undefined>> = {}): URL {
    const requestUri = new URL(location).searchParams.get('request_uri') ?? ''
    const pushed = this.#pushed.get(requestUri)
    const url = new URL(pushed?.get('redirect_uri') ?? '')
    const parameters = {
      code: requestUri,
      state: pushed?.get('state') ?? '',
      iss: this.issuer,
      ...changes,
    }
    for (const [name, value] of Object.entries(parameters)) {
      if (value !== undefined) url.searchParams.set(name, value)
    }
    return url
  }

  logoutToken(claims: Json = {}, header: Json = {}): string {
    const now = Math.floor(Date.now() / 1_000)
    return forge(
      { typ: 'logout+jwt', alg: this.key.algorithm, kid: this.key.kid, ...header },
      {
        iss: this.issuer,
        aud: 'bank',
        iat: now,
        exp: now + 120,
        jti: randomUUID(),
        sub: 'alice',
        events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
        ...claims,
      },
      this.key,
    )
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path } = new URL(request.url ?? '', this.issuer)
    const form = new URLSearchParams(await text(request))
    this.received.push({ path, form, request })
    const fault = this.faults.get(path)
    if (fault !== undefined) return fault(request, response)
    switch (path) {
      case '/.well-known/openid-configuration':
        return json(response, 200, this.#metadata())
      case '/jwks':
        return json(response, 200, { keys: [this.key.publicJwk] })
      case '/par':
        return this.#push(form, request, response)
      case '/token':
        return this.#token(form, request, response)
      case '/userinfo':
        return json(response, 200, { sub: 'alice', name: 'Alice' })
      case '/revoke':
        return void response.writeHead(200).end()
      default:
        return void response.writeHead(404).end()
    }
  }

  #metadata(): Json {
    return {
      issuer: this.issuer,
      authorization_endpoint: `${this.issuer}/authorize`,
      token_endpoint: `${this.issuer}/token`,
      pushed_authorization_request_endpoint: `${this.issuer}/par`,
      userinfo_endpoint: `${this.issuer}/userinfo`,
      revocation_endpoint: `${this.issuer}/revoke`,
      end_session_endpoint: `${this.issuer}/end`,
      jwks_uri: `${this.issuer}/jwks`,
      authorization_response_iss_parameter_supported: true,
      id_token_signing_alg_values_supported: ['ES256', 'RS256'],
      ...this.metadata,
    }
  }

  #push(form: URLSearchParams, request: IncomingMessage, response: ServerResponse): void {
    if (!this.#isSound(form, request, response)) return
    const requestUri = `urn:ietf:params:oauth:request_uri:${randomUUID()}`
    this.#pushed.set(requestUri, form)
    json(response, 201, { request_uri: requestUri, expires_in: 60 })
  }

  #token(form: URLSearchParams, request: IncomingMessage, response: ServerResponse): void {
    if (!this.#isSound(form, request, response)) return
    const grant = form.get('grant_type')
    const pushed = this.#pushed.get(form.get('code') ?? '')
    if (grant === 'authorization_code' && pushed === undefined) return refuse(response)
    if (grant === 'refresh_token' && !this.refreshable) return refuse(response)
    this.#pushed.delete(form.get('code') ?? '')
    this.issued += 1
    json(response, 200, {
      access_token: `token-${this.issued}`,
      token_type: 'DPoP',
      ...(this.expiresIn !== undefined && { expires_in: this.expiresIn }),
      ...(grant !== 'client_credentials' && { refresh_token: 'refresh-1' }),
      ...(pushed !== undefined && { id_token: this.#idToken(pushed) }),
      ...this.tokenAnswer,
    })
  }

  #idToken(pushed: URLSearchParams): string {
    const now = Math.floor(Date.now() / 1_000)
    const key = this.idTokenKey
    return forge(
      { alg: key.algorithm, kid: key.kid, typ: 'JWT', ...this.idTokenHeader },
      {
        iss: this.issuer,
        sub: 'alice',
        aud: 'bank',
        iat: now,
        exp: now + 300,
        auth_time: now,
        nonce: pushed.get('nonce'),
        sid: 'sid 1',
        name: 'Alice Example',
        ...this.idToken,
      },
      key,
    )
  }

  /** Nothing may come twice, and everything must be signed and meant for us. */
  #isSound(form: URLSearchParams, request: IncomingMessage, response: ServerResponse): boolean {
    const assertion = decodeJwt(form.get('client_assertion') ?? '')
    const proof = decodeJwt(String(request.headers['dpop']))
    this.#once('assertion', assertion.claims['jti'])
    this.#once('proof', proof.claims['jti'])
    if (assertion.claims['aud'] !== this.issuer) this.problems.push('aud of the assertion')
    if (!verifySignature(proof, importPublicJwk(proof.header['jwk']))) this.problems.push('proof')
    if (this.nonce === undefined || proof.claims['nonce'] === this.nonce) return true
    response.setHeader('dpop-nonce', this.nonce)
    json(response, 400, { error: 'use_dpop_nonce' })
    return false
  }

  #once(kind: string, jti: unknown): void {
    const digest = replayDigest(kind, String(jti))
    if (this.#seen.has(digest)) this.problems.push(`${kind} came twice`)
    this.#seen.add(digest)
  }
}

export function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function refuse(response: ServerResponse): void {
  json(response, 400, { error: 'invalid_grant', error_description: '<script>alert(1)</script>' })
}
