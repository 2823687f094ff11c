import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { submission, type Browser } from '../flow/browser.ts'
import { ask, json, member, post, type Answer } from '../testing/https.ts'
import { codeOf, granted, type Peer } from '../testing/peer.ts'
import type { Deployment } from './deployment.ts'

const ATTEMPTS = 50
/** Until what was sent has arrived. */
const ARRIVAL_MILLISECONDS = 10

/** Sends the same thing many times, to one process after the other, and answers what came of each. */
type AtOnce = (send: (port: number) => Promise<Answer>) => Promise<readonly Answer[]>

interface Contest {
  readonly peer: Peer
  /** Of somebody who is logged in and has consented. */
  readonly browser: Browser
  readonly atOnce: AtOnce
}

/** How many of the attempts of one round won, by what they were about. */
const CONTESTS = {
  code: async ({ peer, browser, atOnce }: Contest): Promise<number> => {
    const code = codeOf(await peer.authorize(browser))
    const redeemed = await atOnce((port) => peer.exchange(code, { port }))
    await assertEnded(peer, redeemed)
    return winners(redeemed, 200)
  },
  request_uri: async ({ peer, browser, atOnce }: Contest): Promise<number> => {
    const link = peer.link(await peer.push())
    const headers = { cookie: browser.cookies() }
    return sentBack(await atOnce((port) => ask(link, { port, headers })))
  },
  consent: async ({ peer, browser, atOnce }: Contest): Promise<number> => {
    const link = peer.link(await peer.push({ form: { prompt: 'consent' } }))
    const page = await browser.open(link)
    assert.ok(!(page instanceof URL), 'nobody asks for consent')
    const { action, body } = submission(page, 'approve')
    const headers = { cookie: browser.cookies(), origin: peer.issuer }
    return sentBack(await atOnce((port) => post(action, body, { port, headers })))
  },
  assertion: async ({ peer, atOnce }: Contest): Promise<number> => {
    const assertion = peer.assertion()
    return winners(await atOnce((port) => peer.push({ port, assertion })), 201)
  },
  proof: async ({ peer, atOnce }: Contest): Promise<number> => {
    const proof = peer.proof(peer.endpoint('par'))
    return winners(await atOnce((port) => peer.push({ port, proof })), 201)
  },
  refresh: async ({ peer, browser, atOnce }: Contest): Promise<number> => {
    const { refreshToken = '' } = await peer.logIn(browser)
    return winners(await atOnce((port) => peer.refresh(refreshToken, { port })), 200)
  },
} as const satisfies Readonly<Record<string, (contest: Contest) => Promise<number>>>

/**
 * Sends each of what is good only once fifty times at once, spread over all processes: one wins. What is good many times,
 * a refresh token, wins every time.
 *
 * @returns what was counted, in words
 * @throws AssertionError when anything was won twice, or by nobody
 */
export async function race(deployment: Deployment, rounds: number): Promise<readonly string[]> {
  const { client, site, ports } = deployment
  const peer = client.at(site.origin)
  const browser = peer.browser()
  await peer.authorize(browser)
  const contest = { peer, browser, atOnce: startingLine(deployment, peer) }
  const told: string[] = []
  for (const [prize, attempt] of Object.entries(CONTESTS)) {
    let won = 0
    for (let round = 0; round < rounds; round += 1) won += await attempt(contest)
    const fair = prize === 'refresh' ? rounds * ATTEMPTS : rounds
    assert.equal(won, fair, `${prize}: ${won} of ${rounds * ATTEMPTS} won`)
    told.push(`${prize}: ${won} of ${rounds * ATTEMPTS} at ${ports.length} processes`)
  }
  return told
}

/**
 * Keeps the processes still (SIGSTOP) until everything has arrived at them: they find all of it at the same moment. The
 * connections to them, and theirs to the store, are there already; making them takes longer than what is raced for.
 */
function startingLine({ ports, servers }: Deployment, peer: Peer): AtOnce {
  const everywhere: AtOnce = (send) =>
    Promise.all(
      Array.from({ length: ATTEMPTS }, (_, index) => send(ports[index % ports.length] ?? 0)),
    )
  return async (send) => {
    await everywhere((port) => peer.credentials({ port }))
    for (const server of servers) server.send('SIGSTOP')
    const answers = everywhere(send)
    await sleep(ARRIVAL_MILLISECONDS)
    for (const server of servers) server.send('SIGCONT')
    return answers
  }
}

/** Whoever does not win is refused, and told why. */
function winners(answers: readonly Answer[], status: number): number {
  for (const answer of answers) {
    if (answer.status === status) continue
    assert.ok([400, 401].includes(answer.status), `${answer.status} ${answer.body}`)
    assert.match(member(answer, 'error_uri'), /\/errors\/[\w-]+$/)
  }
  return answers.filter((answer) => answer.status === status).length
}

/** How many browsers come back with a code; all others see a page that says why not. */
function sentBack(answers: readonly Answer[]): number {
  const won = answers.filter(({ headers }) => /[?&]code=/.test(headers.location ?? ''))
  for (const answer of answers) {
    if (!won.includes(answer)) assert.equal(answer.status, 400, `${answer.status} ${answer.body}`)
  }
  return won.length
}

/** RFC 6749 §4.1.2: what a code gave ends when it is used again. */
async function assertEnded(peer: Peer, redeemed: readonly Answer[]): Promise<void> {
  for (const answer of redeemed) {
    if (answer.status !== 200) assert.equal(member(answer, 'error'), 'invalid_grant')
    else assert.equal(json(await peer.introspect(granted(answer).accessToken))['active'], false)
  }
}
