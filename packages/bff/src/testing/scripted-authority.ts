import {
  decodeJwt,
  decryptJwt,
  generateEncryptionKey,
  generateSigningKey,
  importPublicJwk,
  isEncryptedJwt,
  replayDigest,
  verifySignature,
  type DecodedJwt,
  type DecryptionKey,
  type SigningKey,
} from '@signet/protocol'
import { forge } from '@signet/protocol/testing'
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { serve, shownCertificate, type Handler, type Served } from './serve.ts'

/** One request that came. */
export interface Received {
  readonly path: string
  readonly form: URLSearchParams
  readonly request: IncomingMessage
  /** Where it came: to the server itself, or to the twin that asks for certificates. */
  readonly origin: string
  /** The thumbprint of the certificate that was shown. */
  readonly certificate: string | undefined
}

type Json = Readonly<Record<string, unknown>>

/**
 * An authorization server that does as it is told: well-behaved at first, with faults where a test wants them. It checks that
 * no assertion and no proof comes twice.
 */
export class ScriptedAuthority {
  readonly key: SigningKey = generateSigningKey('ES256')
  readonly decryptionKey: DecryptionKey = generateEncryptionKey('ECDH-ES')
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
  /** Whether the twins of its endpoints are announced. */
  aliases = false
  /** What becomes of ID tokens and signed responses on their way. */
  wrap: (jwt: string) => Promise<string> = async (jwt) => jwt
  /** Whether refresh tokens are taken. */
  refreshable = true
  issued = 0
  readonly #seen = new Set<string>()
  readonly #pushed = new Map<string, URLSearchParams>()
  #served: Served | undefined
  #twin: Served | undefined

  async listen(): Promise<this> {
    this.#served = await serve((request, response) => this.#answer(request, response, this.issuer))
    this.#twin = await serve((request, response) => this.#answer(request, response, this.twin))
    return this
  }

  get issuer(): string {
    return this.#served?.origin ?? ''
  }

  /** The origin of the twins of its endpoints. */
  get twin(): string {
    return this.#twin?.origin ?? ''
  }

  async close(): Promise<void> {
    await Promise.all([this.#served?.close(), this.#twin?.close()])
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

  /** The same, in the way that was asked for. */
  async answer(
    location: string,
    changes: Readonly<Record<string, string | undefined>> = {},
  ): Promise<URL> {
    const back = this.back(location, changes)
    const requestUri = new URL(location).searchParams.get('request_uri') ?? ''
    if (this.#pushed.get(requestUri)?.get('response_mode') !== 'jwt') return back
    const url = new URL(back.origin + back.pathname)
    const response = this.signedResponse(Object.fromEntries(back.searchParams))
    url.searchParams.set('response', await this.wrap(response))
    return url
  }

  /** @see JARM §2.1 */
  signedResponse(claims: Json, header: Json = {}, key: SigningKey = this.key): string {
    const exp = Math.floor(Date.now() / 1_000) + 60
    return forge(
      { alg: key.algorithm, kid: key.kid, ...header },
      { iss: this.issuer, aud: 'bank', exp, ...claims },
      key,
    )
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

  async #answer(request: IncomingMessage, response: ServerResponse, origin: string): Promise<void> {
    const { pathname: path } = new URL(request.url ?? '', origin)
    const form = new URLSearchParams(await text(request))
    const certificate = shownCertificate(request)
    const received = { path, form, request, origin, certificate }
    this.received.push(received)
    const fault = this.faults.get(path)
    if (fault !== undefined) return fault(request, response)
    switch (path) {
      case '/.well-known/openid-configuration':
        return json(response, 200, this.#metadata())
      case '/jwks':
        return json(response, 200, { keys: [this.key.publicJwk, this.decryptionKey.publicJwk] })
      case '/par':
        return this.#push(received, response)
      case '/token':
        return this.#token(received, response)
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
      tls_client_certificate_bound_access_tokens: true,
      ...(this.aliases && {
        mtls_endpoint_aliases: {
          token_endpoint: `${this.twin}/token`,
          pushed_authorization_request_endpoint: `${this.twin}/par`,
          userinfo_endpoint: `${this.twin}/userinfo`,
          revocation_endpoint: `${this.twin}/revoke`,
        },
      }),
      ...this.metadata,
    }
  }

  async #push(received: Received, response: ServerResponse): Promise<void> {
    if (!this.#isSound(received, response)) return
    const requestUri = `urn:ietf:params:oauth:request_uri:${randomUUID()}`
    this.#pushed.set(requestUri, await this.#parametersOf(received.form))
    json(response, 201, { request_uri: requestUri, expires_in: 60 })
  }

  /** Also those of a request object, whatever signed it. */
  async #parametersOf(form: URLSearchParams): Promise<URLSearchParams> {
    const request = form.get('request')
    if (request === null) return form
    return new URLSearchParams(
      Object.entries((await this.readRequest(request)).claims).map(([name, value]) => [
        name,
        String(value),
      ]),
    )
  }

  /** A request object, and what it was encrypted in. */
  async readRequest(request: string): Promise<DecodedJwt> {
    const jwt = isEncryptedJwt(request) ? await decryptJwt(request, [this.decryptionKey]) : request
    return decodeJwt(jwt)
  }

  async #token(received: Received, response: ServerResponse): Promise<void> {
    if (!this.#isSound(received, response)) return
    const { form, request } = received
    const grant = form.get('grant_type')
    const pushed = this.#pushed.get(form.get('code') ?? '')
    if (grant === 'authorization_code' && pushed === undefined) return refuse(response)
    if (grant === 'refresh_token' && !this.refreshable) return refuse(response)
    this.#pushed.delete(form.get('code') ?? '')
    this.issued += 1
    json(response, 200, {
      access_token: `token-${this.issued}`,
      token_type: request.headers['dpop'] === undefined ? 'Bearer' : 'DPoP',
      ...(this.expiresIn !== undefined && { expires_in: this.expiresIn }),
      ...(grant !== 'client_credentials' && { refresh_token: 'refresh-1' }),
      ...(pushed !== undefined && { id_token: await this.wrap(this.#idToken(pushed)) }),
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

  /** Nothing may come twice, and everything must be signed and meant for us, or come with a certificate. */
  #isSound(
    { form, request, path, origin, certificate }: Received,
    response: ServerResponse,
  ): boolean {
    const [assertion, proof] = [form.get('client_assertion'), request.headers['dpop']]
    if (assertion !== null) this.#checkAssertion(assertion)
    else if (certificate === undefined) this.problems.push('nobody says who calls')
    if (form.get('client_id') !== 'bank' && assertion === null) this.problems.push('client_id')
    if (proof === undefined) {
      if (certificate === undefined) this.problems.push('nothing to bind to')
      return true
    }
    const nonce = this.#checkProof(String(proof), `${origin}${path}`)
    if (this.nonce === undefined || nonce === this.nonce) return true
    response.setHeader('dpop-nonce', this.nonce)
    json(response, 400, { error: 'use_dpop_nonce' })
    return false
  }

  #checkAssertion(assertion: string): void {
    const { jti, aud } = decodeJwt(assertion).claims
    this.#once('assertion', jti)
    if (aud !== this.issuer) this.problems.push('aud of the assertion')
  }

  /** @returns its nonce */
  #checkProof(header: string, url: string): unknown {
    const proof = decodeJwt(header)
    const { jti, htu, nonce } = proof.claims
    this.#once('proof', jti)
    if (htu !== url) this.problems.push(`htu ${String(htu)}`)
    if (!verifySignature(proof, importPublicJwk(proof.header['jwk']))) this.problems.push('proof')
    return nonce
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
