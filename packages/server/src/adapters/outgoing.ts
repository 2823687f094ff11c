import { lookup as resolve, type LookupAddress } from 'node:dns'
import { Agent, request, type RequestOptions } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { isIP, type LookupFunction } from 'node:net'
import {
  checkServerIdentity,
  createSecureContext,
  getCACertificates,
  type PeerCertificate,
} from 'node:tls'
import type { Outgoing } from '../config/config.ts'
import { TLS } from '../http/tls.ts'
import { isPublicAddress } from './public-address.ts'

/** What came back, when it was what we asked for. */
export interface Fetched {
  readonly body: string
  /** What `Cache-Control` says, in seconds. */
  readonly maxAge?: number
}

export type FetchFailure =
  | 'not_https'
  | 'private_address'
  | 'status'
  | 'too_large'
  | 'timeout'
  | 'tls'
  | 'network'
  | 'malformed'

/** A document of somebody else could not be had; `reason` is a label for metrics. */
export class FetchFailed extends Error {
  readonly reason: FetchFailure
  /** Of an answer that was not the one wanted. */
  readonly status: number | undefined

  constructor(reason: FetchFailure, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'FetchFailed'
    this.reason = reason
    this.status = typeof cause === 'number' ? cause : undefined
  }
}

/** Gets a small document from an address that a client, and so possibly an attacker, chose. */
export type Fetch = (url: string) => Promise<Fetched>

/** Posts a form to an address that a client chose; resolves when it was taken, whatever else the answer says. */
export type Post = (url: string, form: Readonly<Record<string, string>>) => Promise<void>

/** For connection, handshake, header and body together. */
const TIMEOUT_MILLISECONDS = 3_000
const LARGEST_BYTES = 65_536

/** Where a request goes, and how it may get there. */
interface Destination {
  readonly url: URL
  readonly agent: Agent
}

/** Makes requests for small documents of others. @throws FetchFailed from each that fails. */
export function createFetch(outgoing: Outgoing): Fetch {
  const reach = createReach(outgoing)
  const headers = {
    accept: 'application/jwk-set+json, application/json',
    'accept-encoding': 'identity',
  }
  return async (address) => send(reach(address), { method: 'GET', headers }, readDocument)
}

/** Makes deliveries to others. @throws FetchFailed from each that fails. */
export function createPost(outgoing: Outgoing): Post {
  const reach = createReach(outgoing)
  return async (address, form) => {
    const body = new URLSearchParams(form).toString()
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
    }
    await send(reach(address), { method: 'POST', headers, body }, isTaken)
  }
}

/**
 * Makes the only way this server asks others for something: https alone, the certificate checked, no redirect followed,
 * little time and little space, and never an address of our own network unless the operator named the host.
 *
 * @see FAPI 2.0 Security Profile §5.2.1, RFC 9525, RFC 8725 §3.10
 */
function createReach({
  allowPrivateHosts,
  trustedCas,
}: Outgoing): (address: string) => Destination {
  const ca = [...getCACertificates('default'), ...trustedCas]
  const secureContext = createSecureContext({ ...TLS, ca })
  const options = { secureContext, rejectUnauthorized: true, checkServerIdentity: checkNames }
  const toPublic = new Agent({ ...options, lookup: lookupPublic })
  const toAny = new Agent(options)
  const allowed = new Set(allowPrivateHosts.map((host) => host.toLowerCase()))

  return (address) => {
    const url = parseHttps(address)
    const { hostname, port } = url
    const mayBePrivate = allowed.has(hostname) || allowed.has(`${hostname}:${port || '443'}`)
    // A host that is an address already is never looked up.
    const literal = hostname.replace(/^\[(.*)\]$/, '$1')
    if (!mayBePrivate && isIP(literal) !== 0) requirePublic(literal)
    return { url, agent: mayBePrivate ? toAny : toPublic }
  }
}

function parseHttps(address: string): URL {
  const url = URL.parse(address)
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '') {
    throw new FetchFailed('not_https', 'not an https URL without credentials')
  }
  return url
}

/** Answers the connection itself, so that the address checked is the address connected to, whatever DNS says next. */
const lookupPublic: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses: readonly LookupAddress[]) => {
    if (error) return callback(error, [])
    try {
      for (const { address } of addresses) requirePublic(address)
    } catch (refused) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- requirePublic throws FetchFailed only
      return callback(refused as FetchFailed, [])
    }
    if (options.all === true) return callback(null, [...addresses])
    return callback(null, addresses[0]?.address ?? '', addresses[0]?.family)
  })
}

function requirePublic(address: string): void {
  if (isPublicAddress(address)) return
  throw new FetchFailed('private_address', `${address} is not a public address`)
}

/** RFC 9525 §6: only names in subjectAltName count; Node would fall back to the common name. */
function checkNames(hostname: string, certificate: PeerCertificate): Error | undefined {
  if (certificate.subjectaltname === undefined) {
    return new FetchFailed('tls', 'the certificate has no subjectAltName')
  }
  return checkServerIdentity(hostname, certificate)
}

interface Sending extends Pick<RequestOptions, 'method' | 'headers'> {
  readonly body?: string
}

/** Nothing is followed, and nothing waited for beyond the time there is. */
function send<Answer>(
  { url, agent }: Destination,
  { body, ...options }: Sending,
  read: (response: IncomingMessage) => Promise<Answer>,
): Promise<Answer> {
  const { promise, resolve: done, reject } = Promise.withResolvers<Answer>()
  const signal = AbortSignal.timeout(TIMEOUT_MILLISECONDS)
  const fail = (error: unknown): void => reject(failure(error, signal))
  request(url, { ...options, agent, signal }, (response) => {
    read(response).then(done, (error: unknown) => {
      response.destroy()
      fail(error)
    })
  })
    .on('error', fail)
    .end(body)
  return promise
}

/** Only the status counts; what else is said is not read. */
async function isTaken(response: IncomingMessage): Promise<void> {
  const { statusCode } = response
  if (statusCode !== 200 && statusCode !== 204) throw unexpected(statusCode)
  response.destroy()
}

function unexpected(status: number | undefined): FetchFailed {
  return new FetchFailed('status', `the answer was ${status}, not 200`, status)
}

async function readDocument(response: IncomingMessage): Promise<Fetched> {
  if (response.statusCode !== 200) throw unexpected(response.statusCode)
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a response without encoding gives buffers
    const bytes = chunk as Buffer
    size += bytes.length
    if (size > LARGEST_BYTES) throw new FetchFailed('too_large', `more than ${LARGEST_BYTES} bytes`)
    chunks.push(bytes)
  }
  const maxAge = readMaxAge(response.headers['cache-control'])
  return { body: Buffer.concat(chunks).toString(), ...(maxAge !== undefined && { maxAge }) }
}

function readMaxAge(cacheControl: string | undefined): number | undefined {
  if (cacheControl === undefined) return undefined
  if (/(?:^|[\s,])no-(?:store|cache)(?:[\s,]|$)/i.test(cacheControl)) return 0
  const seconds = /(?:^|[\s,])max-age="?(\d{1,9})/i.exec(cacheControl)?.[1]
  return seconds === undefined ? undefined : Number(seconds)
}

/** What Node calls a certificate it does not trust, beside the codes that begin with `ERR_TLS_` or `ERR_SSL_`. */
const CERTIFICATE_CODES =
  /^(?:ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_)/

function failure(error: unknown, signal: AbortSignal): FetchFailed {
  if (error instanceof FetchFailed) return error
  if (signal.aborted) return new FetchFailed('timeout', 'no complete answer in time', error)
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
  return new FetchFailed(CERTIFICATE_CODES.test(code) ? 'tls' : 'network', code, error)
}
