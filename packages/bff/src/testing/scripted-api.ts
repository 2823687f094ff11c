import { accessTokenHash, decodeJwt, importPublicJwk, verifySignature } from '@signet/protocol'
import { Buffer } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { serve, shownCertificate, type Handler, type Served } from './serve.ts'

export interface ApiCall {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
  readonly nonce: unknown
  /** The thumbprint of the certificate that was shown. */
  readonly certificate: string | undefined
}

/** An answer as it is about to be sent, with what is to be set on it. */
export interface Finished {
  readonly status: number
  readonly fields: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** An API that checks tokens and proofs, and does what a test wants. */
export class ScriptedApi {
  readonly calls: ApiCall[] = []
  readonly problems: string[] = []
  /** Asked of every proof, if set. */
  nonce: string | undefined
  /** Tokens it does not like. */
  readonly refused: Set<string> = new Set()
  /** Answers instead of the usual, once everything was checked. */
  handler: Handler | undefined
  /** Answers before anything is read. */
  early: Handler | undefined
  /** Has the last word on each answer: to sign it, and to do things to it on its way. */
  finish: ((answer: Finished, call: ApiCall) => Finished) | undefined
  readonly #seen = new Set<unknown>()
  #served: Served | undefined

  async listen(): Promise<this> {
    this.#served = await serve((request, response) => this.#answer(request, response))
    return this
  }

  get origin(): string {
    return this.#served?.origin ?? ''
  }

  get server(): Served['server'] | undefined {
    return this.#served?.server
  }

  async close(): Promise<void> {
    await this.#served?.close()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.early !== undefined) return this.early(request, response)
    const { method = '', url = '', headers, rawHeaders } = request
    const certificate = shownCertificate(request)
    const [scheme = '', token] = headers.authorization?.split(' ') ?? []
    const nonce = token === undefined ? undefined : this.#check(request, scheme, token)
    const body = await buffer(request)
    const call = { method, url, headers, rawHeaders, body, nonce, certificate }
    this.calls.push(call)
    const { finish } = this
    if (finish !== undefined) atEnd(response, (answer) => finish(answer, call))
    const usesNonces = scheme === 'DPoP' && this.nonce !== undefined
    if (this.nonce !== undefined) response.setHeader('dpop-nonce', this.nonce)
    if (usesNonces && nonce !== this.nonce) {
      return challenge(response, 'use_dpop_nonce')
    }
    if (token !== undefined && this.refused.has(token)) return challenge(response, 'invalid_token')
    if (this.handler !== undefined) return this.handler(request, response)
    response
      .writeHead(200, { 'content-type': 'application/json', 'set-cookie': 'tossed=1; Path=/' })
      .end(JSON.stringify({ authorized: token !== undefined, length: body.length }))
  }

  #check(request: IncomingMessage, scheme: string, token: string): unknown {
    if (scheme === 'DPoP') return this.#checkProof(request, token)
    if (scheme !== 'Bearer') this.problems.push(`scheme ${scheme}`)
    if (request.headers['dpop'] !== undefined) this.problems.push('a proof for another scheme')
    if (shownCertificate(request) === undefined)
      this.problems.push('a token without its certificate')
    return undefined
  }

  #checkProof(request: IncomingMessage, token: string): unknown {
    const proof = decodeJwt(String(request.headers['dpop']))
    const { jti, htm, htu, ath, nonce } = proof.claims
    const url = `${this.origin}${(request.url ?? '').split('?', 1)[0] ?? ''}`
    if (htm !== request.method) this.problems.push(`htm ${String(htm)}`)
    if (htu !== url) this.problems.push(`htu ${String(htu)}`)
    if (ath !== accessTokenHash(token)) this.problems.push('ath')
    if (this.#seen.has(jti)) this.problems.push('the proof came twice')
    if (!verifySignature(proof, importPublicJwk(proof.header['jwk']))) this.problems.push('proof')
    this.#seen.add(jti)
    return nonce
  }
}

export function challenge(response: ServerResponse, error: string, more = ''): void {
  response
    .writeHead(401, { 'www-authenticate': `DPoP error="${error}"${more}, algs="ES256"` })
    .end()
}

/** Holds an answer, which must be given by `writeHead(status, headers)` and `end(body)`, until it is whole. */
function atEnd(response: ServerResponse, finish: (answer: Finished) => Finished): void {
  // oxlint-disable-next-line typescript/unbound-method -- put back where they were taken from
  const { writeHead, end } = response
  Object.assign(response, {
    writeHead: (status: number, headers: Readonly<Record<string, string>> = {}) => {
      response.statusCode = status
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
      return response
    },
    end: (given: string | Buffer = '') => {
      Object.assign(response, { writeHead, end })
      const answer = { status: response.statusCode, fields: {}, body: Buffer.from(given) }
      const { status, fields, body } = finish(answer)
      return response.writeHead(status, { ...fields }).end(body)
    },
  })
}
