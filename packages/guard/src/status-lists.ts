import { Buffer } from 'node:buffer'
import {
  decodeOrRefuse,
  enforce,
  isNumericDate,
  isObject,
  Refused,
  refusal,
  type Seconds,
  type UnreadableJwt,
} from '@signet/protocol'
import { createFetched, type Fetched } from './fetched.ts'
import { isSignedBy } from './issuer-signature.ts'
import type { Issuer, Trouble } from './issuer.ts'
import { statusListRules, tokenStatusRules, type StatusBits } from './status-list.rules.ts'
import { textClaim, type TokenClaims } from './token-claims.ts'
import type { World } from './world.ts'

export interface StatusListSettings {
  readonly issuers: readonly Issuer[]
  /** Whether a token without a status is refused. */
  readonly required: boolean
  /** For so long a list is used before it is fetched again: the time a revocation takes once it is published. */
  readonly seconds: Seconds
  /** For so long a list that can not be fetched again is used beyond that; then tokens are refused. */
  readonly graceSeconds: Seconds
  readonly onTrouble: (trouble: Trouble) => void
}

/** Looks up whether tokens were revoked. @see {@link https://datatracker.ietf.org/doc/draft-ietf-oauth-status-list/ Token Status List} */
export interface StatusLists {
  /**
   * Resolves when the token stands; at once while the list is fresh.
   *
   * @throws Refused with `invalid_token`, or with `temporarily_unavailable` when the list cannot be had.
   */
  check(claims: TokenClaims): undefined | Promise<void>
}

interface StatusList {
  readonly iat: Seconds
  readonly bits: StatusBits
  readonly bytes: Buffer
  readonly exp: Seconds
  /** For so long it may be used at most. */
  readonly ttl: Seconds
}

/** Where the status of one token is told. */
interface Reference {
  readonly uri: string
  readonly index: number
  readonly issuer: Issuer
}

/** Ten million tokens with one bit each fit in, and nothing that fills the memory. */
const LARGEST = 2_000_000
/** So many lists are kept; an issuer that has more is asked more often. */
const MOST_LISTS = 64
/** Between two attempts, while the issuer does not answer. */
const PAUSE = 1

const unreadable: UnreadableJwt = {
  id: 'JWT-06',
  reason: 'status_list_unreadable',
  otherwise: refusal('temporarily_unavailable', 'the status of the access token is not known'),
  remedy: 'Have the issuer publish its status list as a JWT.',
}

export function createStatusLists(settings: StatusListSettings, world: World): StatusLists {
  const { required, seconds, graceSeconds } = settings
  const lists = new Map<string, Fetched<StatusList>>()

  const listOf = ({ uri, issuer }: Reference): Fetched<StatusList> => {
    // Issuers on one host can name the lists of each other: whose keys a list is held against is part of what it is.
    const name = `${issuer.identifier} ${uri}`
    const known = lists.get(name)
    if (known !== undefined) return known
    const list = fetchedList({ uri, issuer, onTrouble: settings.onTrouble }, world)
    lists.set(name, list)
    for (const oldest of lists.keys()) {
      if (lists.size <= MOST_LISTS) break
      lists.delete(oldest)
    }
    return list
  }
  const judge = (claims: TokenClaims, status: number | undefined): undefined => {
    enforce(tokenStatusRules, { required, claim: claims['status'], status })
    return undefined
  }
  const usable = (list: Fetched<StatusList>, longest: Seconds): StatusList | undefined => {
    const now = world.now()
    const { value, since } = list
    const isGood = value !== undefined && Math.abs(now - since) < longest && value.exp > now
    return isGood ? value : undefined
  }
  const freshFor = ({ value }: Fetched<StatusList>): Seconds =>
    Math.min(seconds, value?.ttl ?? seconds)

  const checkLater = async (
    claims: TokenClaims,
    reference: Reference,
    list: Fetched<StatusList>,
  ): Promise<void> => {
    await list.refresh()
    const found = usable(list, freshFor(list) + graceSeconds)
    if (found === undefined) throw noStatus(reference.uri, list.failure)
    judge(claims, statusAt(found, reference.index))
  }
  return {
    check(claims) {
      const reference = referenceOf(claims, settings.issuers)
      if (reference === undefined) return judge(claims, undefined)
      const list = listOf(reference)
      const found = usable(list, freshFor(list))
      if (found === undefined) return checkLater(claims, reference, list)
      return judge(claims, statusAt(found, reference.index))
    },
  }
}

/** Where a token says its status is told: only at its own issuer, so that nobody makes us call others. */
function referenceOf(claims: TokenClaims, issuers: readonly Issuer[]): Reference | undefined {
  const status = claims['status']
  const list = isObject(status) ? status['status_list'] : undefined
  if (!isObject(list)) return undefined
  const { idx: index } = list
  const uri = textClaim(list, 'uri')
  const issuer =
    issuers.find(({ identifier }) => identifier === claims['iss']) ??
    (issuers.length === 1 ? issuers[0] : undefined)
  if (uri === undefined || issuer === undefined || !isIndex(index)) return undefined
  return isOfOrigin(uri, issuer.identifier) ? { uri, index, issuer } : undefined
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function isOfOrigin(uri: string, issuer: string): boolean {
  const url = URL.parse(uri)
  return url !== null && url.protocol === 'https:' && url.origin === URL.parse(issuer)?.origin
}

/** The status at a place; a place beyond the list is not a valid one. @see Token Status List §4.1 */
function statusAt({ bits, bytes }: StatusList, index: number): number {
  const perByte = 8 / bits
  const byte = bytes[Math.floor(index / perByte)]
  if (byte === undefined) return -1
  return (byte >> ((index % perByte) * bits)) & ((1 << bits) - 1)
}

interface Source {
  readonly uri: string
  readonly issuer: Issuer
  readonly onTrouble: (trouble: Trouble) => void
}

function fetchedList({ uri, issuer, onTrouble }: Source, world: World): Fetched<StatusList> {
  const load = async (last: StatusList | undefined): Promise<StatusList> => {
    const { status, body } = await world.http({ url: uri, accept: 'application/statuslist+jwt' })
    if (status !== 200) throw new Error(`${uri}: status ${status}`)
    const jwt = decodeOrRefuse(body.toString('utf8').trim(), {
      ...unreadable,
      maxLength: LARGEST,
    })
    const { header, claims } = jwt
    const now = world.now()
    const list = enforce(statusListRules, {
      header,
      claims,
      issuer: issuer.identifier,
      uri,
      now,
    }).claims
    if (!(await isSignedBy(issuer, jwt))) throw new Error(`${uri}: not signed by the issuer`)
    // A cache between us and the issuer must not take a revocation back.
    if (last !== undefined && list.iat < last.iat) throw new Error(`${uri}: older than the last`)
    const { bits, lst } = list.status_list
    const bytes = world.inflate(Buffer.from(lst, 'base64url'), LARGEST)
    return { iat: list.iat, bits, bytes, exp: orEver(list.exp), ttl: orEver(list.ttl) }
  }
  return createFetched(load, {
    now: () => world.now(),
    pause: PAUSE,
    pauseAtStart: PAUSE,
    onFailure: (message) => onTrouble({ issuer: issuer.identifier, what: 'status_list', message }),
  })
}

function orEver(seconds: unknown): Seconds {
  return isNumericDate(seconds) ? seconds : Number.POSITIVE_INFINITY
}

function noStatus(uri: string, failure: string | undefined): Refused {
  return new Refused(
    refusal('temporarily_unavailable', 'the status of the access token is not known'),
    {
      id: 'SP-RS-03',
      reason: 'status_list_unavailable',
      expected: `the status list ${uri}`,
      received: failure ?? 'no list that is recent enough',
      remedy: 'See that this API reaches the status list of the issuer, and that it is kept fresh.',
    },
  )
}
