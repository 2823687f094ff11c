import {
  algIsOfProfile,
  hasBegun,
  isNumericDate,
  isObject,
  offset,
  refusal,
  shown,
  typIs,
  type JsonObject,
  type JwtHeader,
  type Rules,
  type Seconds,
} from '@signet/protocol'

/** A status list token, against the URI it was fetched from. */
export interface FetchedStatusList {
  readonly header: JwtHeader
  readonly claims: JsonObject
  readonly issuer: string
  readonly uri: string
  readonly now: Seconds
}

/** How many bits tell the status of one token. */
export type StatusBits = 1 | 2 | 4 | 8

export interface ReadableStatusList extends FetchedStatusList {
  readonly claims: JsonObject & {
    readonly status_list: { readonly bits: StatusBits; readonly lst: string }
    readonly iat: Seconds
    readonly exp?: Seconds
    readonly ttl?: Seconds
  }
}

const unknown = refusal('temporarily_unavailable', 'the status of the access token is not known')
const REMEDY = 'Have the issuer publish its status list as a JWT, as Token Status List says.'

/** Read beside Token Status List §5.1 and §8.3. */
export const statusListRules: Rules<FetchedStatusList, ReadableStatusList> = [
  {
    id: 'JWT-09',
    reason: 'status_list_typ',
    says: 'takes a JWT as status list only if its typ says so',
    ...typIs('statuslist+jwt'),
    otherwise: unknown,
    remedy: REMEDY,
  },
  {
    id: 'SP-CR-02',
    reason: 'status_list_alg',
    says: 'takes status lists signed with an algorithm of the profile only',
    ...algIsOfProfile,
    otherwise: unknown,
    remedy: REMEDY,
  },
  {
    id: 'JWT-07',
    reason: 'status_list_subject',
    says: 'takes the status list of its own issuer that the token names only',
    holds: ({ claims: { iss, sub }, issuer, uri }) =>
      sub === uri && (iss === undefined || iss === issuer),
    otherwise: unknown,
    expected: ({ issuer, uri }) => `sub ${shown(uri)}, and iss ${shown(issuer)} if any`,
    received: ({ claims }) => `sub ${shown(claims['sub'])}, iss ${shown(claims['iss'])}`,
    remedy: REMEDY,
  },
  {
    id: 'SP-RS-03',
    reason: 'status_list_expired',
    says: 'takes status lists that have begun and not ended',
    holds: ({ claims: { iat, exp }, now }) =>
      isNumericDate(iat) &&
      hasBegun(iat, now) &&
      (exp === undefined || (isNumericDate(exp) && exp > now)),
    otherwise: unknown,
    expected: ({ now }) => `iat before ${now}, and exp after it if any`,
    received: ({ claims: { iat, exp }, now }) =>
      `iat ${offset(iat, now)}${exp === undefined ? '' : `, exp ${offset(exp, now)}`}`,
    remedy: REMEDY,
  },
  {
    id: 'JWT-06',
    reason: 'status_list_malformed',
    says: 'takes status lists that it can read without doubt',
    holds: ({ claims: { status_list: list, ttl } }) =>
      isObject(list) &&
      [1, 2, 4, 8].some((bits) => bits === list['bits']) &&
      typeof list['lst'] === 'string' &&
      (ttl === undefined || (isNumericDate(ttl) && ttl > 0)),
    otherwise: unknown,
    expected: () => 'status_list with bits (1, 2, 4 or 8) and lst, and ttl as a number if any',
    received: ({ claims: { status_list: list } }) =>
      isObject(list)
        ? `bits ${shown(list['bits'])}, lst: ${typeof list['lst']}`
        : `status_list: ${typeof list}`,
    remedy: REMEDY,
  },
]

/** A token, and what is known of its status. */
export interface TokenStatus {
  /** Whether every token has to have a status. */
  readonly required: boolean
  /** The `status` claim. */
  readonly claim: unknown
  /** Undefined where the token names none. */
  readonly status: number | undefined
}

/** Read beside Token Status List §6.2 and §7.1, FAPI 2.0 §5.3.4-3. */
export const tokenStatusRules: Rules<TokenStatus, TokenStatus> = [
  {
    id: 'JAT-05',
    reason: 'token_status_missing',
    says: 'takes tokens that name their place in a status list, where it has to know their status',
    holds: ({ required, claim, status }) =>
      status !== undefined || (claim === undefined && !required),
    otherwise: refusal('invalid_token', 'the access token does not say where its status is told'),
    expected: () => 'status.status_list with idx and an https uri of the issuer',
    received: ({ claim }) => (claim === undefined ? 'no status' : 'a status of another kind'),
    remedy: 'Have the issuer put a status list reference into its access tokens.',
  },
  {
    id: 'SP-RS-03',
    reason: 'token_revoked',
    says: 'takes no token that was revoked, itself or with its grant',
    holds: ({ status }) => status === undefined || status === 0,
    otherwise: refusal('invalid_token', 'the access token was revoked'),
    expected: () => 'status 0 (valid)',
    received: ({ status }) => `status ${status ?? '(none)'}`,
    remedy: 'Let the user log in again.',
  },
]
