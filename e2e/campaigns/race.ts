import assert from 'node:assert/strict'
import { ask, json, member, type Answer } from '../testing/https.ts'
import { codeOf, granted, type Peer } from '../testing/peer.ts'
import type { Deployment } from './deployment.ts'

const ATTEMPTS = 50

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
  const won = { code: 0, request_uri: 0, assertion: 0, proof: 0, refresh: 0 }
  const atOnce = (send: (port: number) => Promise<Answer>): Promise<readonly Answer[]> =>
    Promise.all(
      Array.from({ length: ATTEMPTS }, (_, index) => send(ports[index % ports.length] ?? 0)),
    )
  for (let round = 0; round < rounds; round += 1) {
    const code = codeOf(await peer.authorize(browser))
    const redeemed = await atOnce((port) => peer.exchange(code, { port }))
    won.code += winners(redeemed, 200)
    await assertEnded(peer, redeemed)

    const assertion = peer.assertion()
    won.assertion += winners(await atOnce((port) => peer.push({ port, assertion })), 201)
    const proof = peer.proof(peer.endpoint('par'))
    won.proof += winners(await atOnce((port) => peer.push({ port, proof })), 201)

    const link = peer.link(await peer.push())
    const headers = { cookie: browser.cookies() }
    const decided = await atOnce((port) => ask(link, { port, headers }))
    won['request_uri'] += decided.filter((answer) =>
      /[?&]code=/.test(answer.headers.location ?? ''),
    ).length

    const { refreshToken = '' } = await peer.logIn(browser)
    won.refresh += winners(await atOnce((port) => peer.refresh(refreshToken, { port })), 200)
  }
  assert.deepEqual(won, {
    code: rounds,
    request_uri: rounds,
    assertion: rounds,
    proof: rounds,
    refresh: rounds * ATTEMPTS,
  })
  return Object.entries(won).map(
    ([prize, count]) => `${prize}: ${count} of ${rounds * ATTEMPTS} at ${ports.length} processes`,
  )
}

function winners(answers: readonly Answer[], status: number): number {
  for (const answer of answers) {
    assert.ok(
      answer.status === status || [400, 401].includes(answer.status),
      `${answer.status} ${answer.body}`,
    )
  }
  return answers.filter((answer) => answer.status === status).length
}

/** RFC 6749 §4.1.2: what a code gave ends when it is used again. */
async function assertEnded(peer: Peer, redeemed: readonly Answer[]): Promise<void> {
  for (const answer of redeemed) {
    if (answer.status !== 200) assert.equal(member(answer, 'error'), 'invalid_grant')
    else assert.equal(json(await peer.introspect(granted(answer).accessToken))['active'], false)
  }
}
