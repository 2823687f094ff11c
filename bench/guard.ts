import { generateKeyPairSync, randomBytes, randomUUID, sign, verify } from 'node:crypto'
import {
  createAccessToken,
  createProof,
  generateSigningKey,
  type SigningKey,
} from '@signet/protocol'
import { createGuard, type Guard, type GuardRequest } from '@signet/guard'
import { customFetch, validateJwtAccessToken, type AuthorizationServer } from 'oauth4webapi'
import type { Microseconds } from './contract.ts'
import { cpu } from './parent.ts'
import { median } from './report.ts'

const ISSUER = 'https://as.example'
const API = 'https://api.example'
const URL = `${API}/accounts`
/** Instances of the client, each with a key and a token of its own. */
const CLIENTS = 8
/** Bytes under a signature; a proof and an access token have about that many. */
const SIGNED_BYTES = 400

export interface GuardOptions {
  /** Checks in one round. */
  readonly checks: number
  /** Rounds that count. */
  readonly rounds: number
  /** Rounds before them, for the compiler to settle. */
  readonly warmUp: number
}

/** What one check of a DPoP-bound JWT costs, all with keys that are known: CPU of all threads, medians. */
export interface GuardSummary {
  /** A token the guard has not seen before. */
  readonly check_us: Microseconds
  /** A token the guard has verified before. */
  readonly cached_us: Microseconds
  /** `oauth4webapi`, which remembers no token and no proof. */
  readonly peer_us: Microseconds
  /** One ES256 verification with a known key, and nothing else. */
  readonly verify_us: Microseconds
}

type Figure = keyof GuardSummary

/** Measures all four in turns, so that whatever else the machine does hits all alike. */
export async function measureGuard({
  checks,
  rounds,
  warmUp,
}: GuardOptions): Promise<GuardSummary> {
  const stage = createStage()
  await proveStrict(stage)
  const measured: Record<Figure, Microseconds[]> = {
    check_us: [],
    cached_us: [],
    peer_us: [],
    verify_us: [],
  }
  for (let round = -warmUp; round < rounds; round++) {
    for (const [figure, cost] of await measureRound(stage, checks)) {
      if (round >= 0) measured[figure].push(cost / checks)
    }
  }
  stage.guard.close()
  const figure = (name: Figure): Microseconds => Math.round(median(measured[name]) * 10) / 10
  return {
    check_us: figure('check_us'),
    cached_us: figure('cached_us'),
    peer_us: figure('peer_us'),
    verify_us: figure('verify_us'),
  }
}

/** The same for people. */
export function guardTable(summary: GuardSummary): string {
  const { check_us: check, cached_us: cached, peer_us: peer, verify_us: unit } = summary
  const line = (title: string, cost: Microseconds): string =>
    `${title.padEnd(24)}${cost.toFixed(1).padStart(8)} µs${(cost / unit).toFixed(2).padStart(8)} verifies`
  return [
    'CPU per request at an API (JWT access token and DPoP proof, keys known)',
    '',
    line('guard, new token', check),
    line('guard, known token', cached),
    line('oauth4webapi', peer),
    line('one ES256 verify', unit),
    '',
    `peer / guard = ${(peer / check).toFixed(2)} with a new token, ${(peer / cached).toFixed(2)} with a known one`,
  ].join('\n')
}

interface Stage {
  readonly guard: Guard
  readonly as: AuthorizationServer
  readonly jwks: object
  readonly key: SigningKey
  readonly clients: readonly SigningKey[]
  /** One per client, used in every round. */
  readonly known: readonly string[]
}

function createStage(): Stage {
  const key = generateSigningKey('ES256')
  const jwks = { keys: [key.publicJwk] }
  const clients = Array.from({ length: CLIENTS }, () => generateSigningKey('ES256'))
  return {
    guard: createGuard({ issuer: { issuer: ISSUER, jwks }, resource: API }),
    as: { issuer: ISSUER, jwks_uri: `${ISSUER}/jwks` },
    jwks,
    key,
    clients,
    known: clients.map((client) => issue(client, key)),
  }
}

function issue(client: SigningKey, key: SigningKey): string {
  const iat = Math.floor(Date.now() / 1000)
  const claims = {
    iss: ISSUER,
    sub: 'alice',
    aud: API,
    client_id: 'app',
    iat,
    exp: iat + 3600,
    jti: randomUUID(),
    scope: 'accounts',
    cnf: { jkt: client.kid },
  }
  return createAccessToken(claims, key)
}

/** A request as it comes over the wire; the token is new, or the known one of the client. */
function request(stage: Stage, index: number, isKnown: boolean): GuardRequest {
  const client = stage.clients[index % CLIENTS]
  const known = stage.known[index % CLIENTS]
  if (client === undefined || known === undefined) throw new RangeError('no client')
  const accessToken = isKnown ? known : issue(client, stage.key)
  const now = Date.now() / 1000
  const jti = randomUUID()
  const proof = createProof({ key: client, method: 'GET', url: URL, now, jti, accessToken })
  const authorization = `DPoP ${accessToken}`
  const headers = ['Host', 'api.example', 'Authorization', authorization, 'DPoP', proof]
  return { method: 'GET', target: '/accounts', headers }
}

function asFetchRequest({ headers }: GuardRequest): Request {
  return new Request(URL, { headers: { authorization: headers[3] ?? '', dpop: headers[5] ?? '' } })
}

async function measureRound(
  stage: Stage,
  checks: number,
): Promise<readonly (readonly [Figure, Microseconds])[]> {
  const many = (isKnown: boolean): readonly GuardRequest[] =>
    Array.from({ length: checks }, (_, index) => request(stage, index, isKnown))
  const [fresh, known, peers] = [many(false), many(true), many(false).map(asFetchRequest)]
  return [
    ['verify_us', verifications(checks)],
    ['check_us', await spent(fresh, (each) => pass(stage, each))],
    ['cached_us', await spent(known, (each) => pass(stage, each))],
    ['peer_us', await spent(peers, (each) => validate(stage, each))],
  ]
}

async function spent<Each>(
  requests: readonly Each[],
  serve: (request: Each) => Promise<void>,
): Promise<Microseconds> {
  const start = cpu()
  for (const each of requests) await serve(each)
  return cpu() - start
}

async function pass({ guard }: Stage, each: GuardRequest): Promise<void> {
  const outcome = await guard.check(each)
  if (outcome.action === 'refused') throw new Error(`refused: ${outcome.event.reason}`)
}

async function validate({ as, jwks }: Stage, each: Request): Promise<void> {
  const claims = await validateJwtAccessToken(as, each, API, {
    requireDPoP: true,
    [customFetch]: async () => Response.json(jwks),
  })
  if (claims.sub !== 'alice') throw new Error('wrong subject')
}

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const data = randomBytes(SIGNED_BYTES)
const signature = sign('sha256', data, privateKey)

function verifications(times: number): Microseconds {
  const start = cpu()
  for (let time = 0; time < times; time++) {
    if (!verify('sha256', data, publicKey, signature)) throw new Error('forged')
  }
  return cpu() - start
}

/** Who skips checks would look fast: both have to refuse a proof for another token, the guard also a used one. */
async function proveStrict(stage: Stage): Promise<void> {
  const good = request(stage, 0, true)
  const [other, proof] = [request(stage, 0, false).headers[3] ?? '', good.headers[5] ?? '']
  const swapped = { ...good, headers: ['Authorization', other, 'DPoP', proof] }
  const used = await Promise.all([stage.guard.check(good), stage.guard.check(good)])
  const refusals = [
    (await stage.guard.check(swapped)).action === 'refused',
    used.filter(({ action }) => action === 'refused').length === 1,
    await validate(
      stage,
      asFetchRequest({ ...good, headers: ['', '', '', other, '', proof] }),
    ).then(
      () => false,
      () => true,
    ),
  ]
  if (refusals.includes(false)) throw new Error('a forged request was let through')
}
