/**
 * `npm run flow`: one complete FAPI 2.0 flow against the server that `npm start` runs, driven as a client and a browser
 * would, and told step by step. The client is openid-client, unmodified; login and consent go through the real forms.
 *
 * `npm run flow -- --client mtls` goes through it with a certificate, `--client signed` with signed and encrypted messages.
 */
import path from 'node:path'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import * as client from 'openid-client'
import { assertRunning, clientNamed, demoClient, NotReady, readDemo } from './flow/demo.ts'
import { discover, mannerOf, type Choice } from './flow/discovery.ts'
import { logIn } from './flow/login.ts'
import { refused } from './flow/refusal.ts'
import type { Pending, Session, Tokens } from './flow/session.ts'

const SCOPE = 'openid profile accounts offline_access'
const USAGE = 'Usage: npm run flow -- [--client app|mtls|signed]'

/** @throws NotReady when the command line means nothing */
function readChoice(): Choice {
  const { values, positionals } = parsed()
  const standard = path.join(import.meta.dirname, '../.signet/dev')
  return { name: clientNamed(values.client), folder: path.resolve(positionals[0] ?? standard) }
}

function parsed(): { values: { client: string }; positionals: string[] } {
  try {
    const options = { client: { type: 'string', default: 'app' } } as const
    return parseArgs({ options, allowPositionals: true })
  } catch (error) {
    throw new NotReady(`${error instanceof Error ? error.message : ''}\n${USAGE}`, { cause: error })
  }
}

async function push(session: Session): Promise<Pending> {
  const { known, sender, messages, tell } = session
  tell.step(
    'Pushed authorization request',
    `Over the back channel, ${sender.words.pushing}, the client says what it wants${messages.wording}.`,
  )
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expectedState = client.randomState()
  const expectedNonce = client.randomNonce()
  const link = await messages.push(session, {
    redirect_uri: known.redirect_uri,
    scope: SCOPE,
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    prompt: 'consent',
  })
  await sender.checkPush(session)
  tell.check(
    'the link for the browser holds a reference and nothing of the request',
    [...link.searchParams.keys()].toSorted().join() === 'client_id,request_uri',
  )
  return { link, pkceCodeVerifier, expectedState, expectedNonce }
}

async function receive(session: Session, answer: URL, pending: Pending): Promise<void> {
  const { known, tell, messages } = session
  tell.step(
    'Answer',
    'The browser comes back to the client with a code, good once and for a minute.',
  )
  tell.check(
    'it arrives exactly where the client registered',
    answer.origin + answer.pathname === known.redirect_uri,
  )
  await messages.checkAnswer(session, answer, pending)
}

async function exchange(session: Session, answer: URL, pending: Pending): Promise<Tokens> {
  const { config, tell, known, held, sender, messages } = session
  tell.step(
    'Tokens',
    `With code, PKCE verifier${sender.words.exchanging}, the client gets its tokens.`,
  )
  const { pkceCodeVerifier, expectedState, expectedNonce } = pending
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true }
  const tokens = await client.authorizationCodeGrant(
    config,
    answer,
    checks,
    undefined,
    held.options,
  )
  const isBound = isDeepStrictEqual(confirmationOf(tokens), held.confirmation)
  const [what = ''] = Object.keys(held.confirmation)
  tell.check(
    'the access token is bound, of no use to whoever finds it',
    tokens.token_type === sender.tokenType && isBound,
  )
  tell.check(`it names what it is bound to (cnf.${what})`, isBound)
  tell.check('it lives for five minutes at most', (tokens.expires_in ?? Infinity) <= 300)
  tell.check(
    'the ID token is signed, fresh and for this client',
    tokens.claims()?.aud === known.client_id,
  )
  messages.checkTokens(session, tokens)
  tell.check('there is a refresh token', tokens.refresh_token !== undefined)
  return tokens
}

/** What a token is bound to (RFC 9449 §6.1, RFC 8705 §3.1). */
function confirmationOf({ access_token }: Tokens): unknown {
  const { cnf }: { cnf?: unknown } = JSON.parse(
    Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString(),
  )
  return cnf
}

async function callApi(session: Session, tokens: Tokens): Promise<void> {
  const { config, held, sender, messages, tell } = session
  tell.step(
    'Userinfo',
    `The client asks who the person is, with the token and ${sender.words.calling}.`,
  )
  const subject = tokens.claims()?.sub ?? ''
  const { access_token } = tokens
  const { sub, name } = await client.fetchUserInfo(config, access_token, subject, held.options)
  tell.check(`it is the same person as in the ID token: ${name ?? sub}`, sub === subject)
  messages.checkUserinfo(session)

  tell.step('A thief', 'Somebody who got hold of the token tries it.')
  await sender.checkThieves(session, tokens)
}

async function refresh(session: Session, { refresh_token = '' }: Tokens): Promise<Tokens> {
  const { config, sender, tell } = session
  tell.step(
    'Refresh',
    `The access token has grown old; the client gets another, ${sender.words.refreshing}.`,
  )
  const { options, confirmation } = await sender.hold(config)
  const tokens = await client.refreshTokenGrant(config, refresh_token, undefined, options)
  tell.check(sender.words.rebound, isDeepStrictEqual(confirmationOf(tokens), confirmation))
  const isKept = tokens.refresh_token === undefined || tokens.refresh_token === refresh_token
  tell.check('the refresh token was not rotated: no race, no lost session', isKept)
  return tokens
}

async function revoke(session: Session, first: Tokens, latest: Tokens): Promise<void> {
  const { config, sender, messages, tell } = session
  tell.step('Introspection', 'The client asks whether its token is good.')
  const before = await client.tokenIntrospection(config, latest.access_token)
  const isSame = isDeepStrictEqual({ ...before.cnf }, confirmationOf(latest))
  tell.check('it is, and what it is bound to is told', before.active && isSame)
  messages.checkIntrospection(session)

  tell.step('Revocation', 'The client gives its refresh token back; everything made from it ends.')
  const { refresh_token = '' } = first
  await client.tokenRevocation(config, refresh_token)
  const after = await client.tokenIntrospection(config, latest.access_token)
  tell.check('the access token is dead at once', !after.active)
  const { options } = await sender.hold(config)
  const again = await refused(() =>
    client.refreshTokenGrant(config, refresh_token, undefined, options),
  )
  tell.check('nothing can be refreshed', again?.code === 'invalid_grant')
}

async function reuse(session: Session, answer: URL, pending: Pending): Promise<string> {
  const { config, held, tell } = session
  tell.step('Refused, and explained', 'Somebody presents the code a second time.')
  const { pkceCodeVerifier, expectedState, expectedNonce } = pending
  const checks = { pkceCodeVerifier, expectedState, expectedNonce }
  const again = await refused(() =>
    client.authorizationCodeGrant(config, answer, checks, undefined, held.options),
  )
  tell.check('it is refused with invalid_grant', again?.code === 'invalid_grant')
  tell.check('the answer carries an event id', typeof again?.uri === 'string')
  return String(again?.uri)
}

async function run(): Promise<void> {
  const choice = readChoice()
  const { name, folder } = choice
  const demo = readDemo(folder)
  await assertRunning(demo)
  const known = demoClient(folder, demo, name)
  const session = await discover(demo, known, await mannerOf(known, choice))
  const pending = await push(session)
  const answer = await logIn(session, pending)
  await receive(session, answer, pending)
  const tokens = await exchange(session, answer, pending)
  await callApi(session, tokens)
  const latest = await refresh(session, tokens)
  await revoke(session, tokens, latest)
  const event = await reuse(session, answer, pending)
  const settings = path.relative('.', path.join(folder, 'signet.yaml'))
  session.tell.note('why, for the operator:')
  session.tell.note(`npm run --silent signet -- explain ${event} --config ${settings}`)
  console.log(`\n${session.tell.summary()}`)
}

try {
  await run()
} catch (error) {
  console.error(error instanceof NotReady ? error.message : error)
  process.exitCode = 1
}
