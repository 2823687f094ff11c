/** What the store's part of a whole flow costs. The machine is told by what one ES256 verification costs on it in the same moments. */
import type { Store } from '@signet/engine'
import {
  sampleCode,
  sampleConsent,
  sampleGrant,
  samplePushedRequest,
  sampleSession,
  SAMPLE_NOW,
} from '@signet/engine/testing'
import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto'

const ROUNDS = 24
const FLOWS_PER_ROUND = 480

const session = sampleSession()
const consent = sampleConsent()
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const message = Buffer.alloc(300)
const signature = sign('sha256', message, keys.privateKey)

/** What one flow needs, dealt beforehand: chance is not what is measured. */
interface Cards {
  readonly marks: readonly string[]
  readonly requestUri: string
  readonly code: string
  readonly grantId: string
}

function deal(count: number): readonly Cards[] {
  const token = (): string => randomBytes(32).toString('base64url')
  return Array.from({ length: count }, () => ({
    marks: [token(), token(), token(), token(), token()],
    requestUri: token(),
    code: token(),
    grantId: token().slice(0, 22),
  }))
}

async function mark(store: Store, digests: readonly string[]): Promise<void> {
  const marks = digests.map((digest) => ({ digest, until: SAMPLE_NOW + 60 }))
  if ((await store.replay.first(marks)) !== undefined) throw new Error('marked before')
}

async function flow(store: Store, cards: Cards): Promise<void> {
  const { marks, requestUri, code, grantId } = cards
  await mark(store, marks.slice(0, 2))
  await store.pushedRequests.put(samplePushedRequest({ digest: requestUri }))
  await nextRequest(store)

  await store.sessions.get(session.digest)
  await store.pushedRequests.peek(requestUri)
  await store.consents.get(consent.subject, consent.clientId)
  if (!(await store.pushedRequests.claim(requestUri))) throw new Error('claimed before')
  await store.codes.put(sampleCode({ digest: code, grantId }))
  await nextRequest(store)

  await mark(store, marks.slice(2, 4))
  await store.codes.peek(code)
  if (!(await store.codes.redeem(code))) throw new Error('redeemed before')
  await store.grants.put(sampleGrant({ id: grantId }))
  await nextRequest(store)

  await mark(store, marks.slice(4))
  await store.grants.get(grantId)
  await store.revocations.anyOf([grantId, 'jti'])
  await nextRequest(store)
}

/** The answer leaves, and another request comes in with a later turn of the event loop. */
async function nextRequest(store: Store): Promise<void> {
  await store.settled()
  await new Promise((resolve) => setImmediate(resolve))
}

async function run(store: Store, cards: readonly Cards[], inFlight: number): Promise<void> {
  const lanes = Array.from({ length: inFlight }, async (_, lane) => {
    for (let next = lane; next < cards.length; next += inFlight) {
      const hand = cards[next]
      if (hand !== undefined) await flow(store, hand)
    }
  })
  await Promise.all(lanes)
}

function cpu(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

function verification(): number {
  const before = cpu()
  for (let count = 0; count < 500; count += 1) verify('sha256', message, keys.publicKey, signature)
  return (cpu() - before) / 500
}

function quartile(values: readonly number[], part: number): string {
  return (
    values.toSorted((one, other) => one - other)[Math.floor(values.length * part)] ?? 0
  ).toFixed(1)
}

/** Prints what a flow costs with so many under way at once, after so many are stored. */
export async function measure(name: string, store: Store, prefilled: number): Promise<void> {
  await prepare(store, prefilled)
  for (const inFlight of [16, 8, 1]) await measureWith(inFlight, name, store)
}

async function measureWith(inFlight: number, name: string, store: Store): Promise<void> {
  const micros: number[] = []
  const perSecond: number[] = []
  const verifications: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const cards = deal(FLOWS_PER_ROUND)
    verifications.push(verification())
    const [before, began] = [cpu(), performance.now()]
    await run(store, cards, inFlight)
    micros.push((cpu() - before) / FLOWS_PER_ROUND)
    perSecond.push((FLOWS_PER_ROUND * 1_000) / (performance.now() - began))
  }
  console.log(
    `${name}, ${inFlight} in flight: ${quartile(micros, 0.25)} / ${quartile(micros, 0.5)} µs a flow ` +
      `(quartile / median), ${quartile(perSecond, 0.5)} flows a second, one verification ` +
      `${quartile(verifications, 0.5)} µs`,
  )
}

async function prepare(store: Store, prefilled: number): Promise<void> {
  await store.sessions.put(session)
  await store.consents.put(consent)
  for (let done = 0; done < prefilled; done += 1000) await run(store, deal(1000), 100)
}
