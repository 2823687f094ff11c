/**
 * `npm run flow`: one complete FAPI 2.0 flow against the server that `npm start` runs, driven as a client and a browser
 * would, and told step by step. The client is openid-client, unmodified; login and consent go through the real forms.
 */
import * as client from 'openid-client'
import path from 'node:path'
import { Browser, type Page } from './flow/browser.ts'
import { assertRunning, NotReady, readClientKey, readDemo, type Demo } from './flow/demo.ts'
import { Narrator } from './flow/narrator.ts'

/** What the steps hand to each other. */
interface Flow {
  readonly demo: Demo
  readonly config: client.Configuration
  readonly proof: client.DPoPHandle
  readonly tell: Narrator
}

type Tokens = Awaited<ReturnType<typeof client.authorizationCodeGrant>>

const SCOPE = 'openid profile accounts offline_access'
/** Where `signet dev` keeps what it made; another folder may be given as argument. */
const FOLDER = path.resolve(process.argv[2] ?? path.join(import.meta.dirname, '../.signet/dev'))

async function discover(demo: Demo, tell: Narrator): Promise<Flow> {
  tell.step(
    'Discovery',
    'The client reads who the server is, where everything is and what it demands.',
  )
  const metadata = { id_token_signed_response_alg: 'ES256' }
  const authentication = client.PrivateKeyJwt(await readClientKey(demo))
  const { issuer, client_id } = demo
  const config = await client.discovery(new URL(issuer), client_id, metadata, authentication)
  client.enableNonRepudiationChecks(config)
  const server = config.serverMetadata()
  tell.check(`the metadata is that of ${issuer}`, server.issuer === issuer)
  tell.check('requests have to be pushed', server['require_pushed_authorization_requests'] === true)
  tell.check(
    'clients prove themselves with a key, never with a password',
    String(server.token_endpoint_auth_methods_supported) === 'private_key_jwt',
  )
  tell.check(
    'PKCE with S256 is the only way',
    String(server.code_challenge_methods_supported) === 'S256',
  )
  tell.check('RS256 is not offered', !JSON.stringify(server).includes('RS256'))
  return { demo, config, proof: await newProof(config), tell }
}

/** A fresh key that proves possession, and the proofs made with it. */
async function newProof(config: client.Configuration): Promise<client.DPoPHandle> {
  return client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
}

/** What the client remembers of a request until the answer arrives. */
interface Pending {
  readonly link: URL
  readonly pkceCodeVerifier: string
  readonly expectedState: string
  readonly expectedNonce: string
}

async function push({ demo, config, proof, tell }: Flow): Promise<Pending> {
  tell.step(
    'Pushed authorization request',
    'Over the back channel, with a signed assertion and a proof of its key, the client says what it wants.',
  )
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expectedState = client.randomState()
  const expectedNonce = client.randomNonce()
  const parameters = {
    redirect_uri: demo.redirect_uri,
    scope: SCOPE,
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    prompt: 'consent',
  }
  const link = await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP: proof })
  tell.check(
    'the link for the browser holds a reference and nothing of the request',
    [...link.searchParams.keys()].toSorted().join() === 'client_id,request_uri',
  )
  return { link, pkceCodeVerifier, expectedState, expectedNonce }
}

async function logIn({ demo, tell }: Flow, { link }: Pending): Promise<URL> {
  const browser = new Browser(new URL(demo.issuer).origin)
  tell.step('Login', `A browser opens the link; the person logs in as ${demo.user}.`)
  const login = pageAt(await browser.open(link))
  tell.check('the page cannot run scripts or be framed', isLockedUp(login))
  tell.check(
    'it may only be reached over TLS from now on',
    login.headers.has('strict-transport-security'),
  )
  const { user: username, password } = demo
  const consent = pageAt(await browser.press(login, 'login', { username, password }))
  tell.check('the person is known, and every redirect was a 303', consent.status === 200)

  tell.step('Consent', 'The page says who asks, and for what; the person allows it.')
  const scopes = [...consent.html.matchAll(/data-scope="([^"]+)"/g)].map(([, scope]) => scope)
  tell.check(`it names what is asked for: ${scopes.join(', ')}`, scopes.includes('accounts'))
  const away = await browser.press(consent, 'approve')
  if (!(away instanceof URL)) throw new Error(`after consent the browser stays at ${away.url.href}`)
  return away
}

function pageAt(place: Page | URL): Page {
  if (place instanceof URL) throw new Error(`the browser was sent to ${place.origin} too early`)
  return place
}

function isLockedUp({ headers }: Page): boolean {
  const policy = headers.get('content-security-policy') ?? ''
  return policy.includes("default-src 'none'") && policy.includes("frame-ancestors 'none'")
}

function receive({ demo, tell }: Flow, answer: URL, { expectedState }: Pending): void {
  tell.step(
    'Answer',
    'The browser comes back to the client with a code, good once and for a minute.',
  )
  tell.check(
    'it arrives exactly where the client registered',
    answer.origin + answer.pathname === demo.redirect_uri,
  )
  tell.check('it says which server sent it (iss)', answer.searchParams.get('iss') === demo.issuer)
  tell.check('it answers this request (state)', answer.searchParams.get('state') === expectedState)
}

async function exchange(flow: Flow, answer: URL, pending: Pending): Promise<Tokens> {
  const { config, proof, tell, demo } = flow
  tell.step(
    'Tokens',
    'With code, PKCE verifier, assertion and a proof, the client gets its tokens.',
  )
  const { pkceCodeVerifier, expectedState, expectedNonce } = pending
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true }
  const tokens = await client.authorizationCodeGrant(config, answer, checks, undefined, {
    DPoP: proof,
  })
  const claims = payloadOf(tokens.access_token)
  const thumbprint = await proof.calculateThumbprint()
  tell.check('the access token is bound, not a bearer token', tokens.token_type === 'dpop')
  tell.check('it names the key it is bound to', confirmationOf(claims) === thumbprint)
  tell.check('it lives for five minutes at most', (tokens.expires_in ?? Infinity) <= 300)
  tell.check(
    'the ID token is signed, fresh and for this client',
    tokens.claims()?.aud === demo.client_id,
  )
  tell.check('there is a refresh token', tokens.refresh_token !== undefined)
  return tokens
}

function payloadOf(jwt: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString())
}

/** The thumbprint of the key a token is bound to (RFC 9449 §6.1). */
function confirmationOf({ cnf }: Readonly<Record<string, unknown>>): unknown {
  return typeof cnf === 'object' && cnf !== null && 'jkt' in cnf ? cnf.jkt : undefined
}

async function callApi({ config, proof, tell }: Flow, tokens: Tokens): Promise<void> {
  tell.step(
    'Userinfo',
    'The client asks who the person is, with the token and a proof for this very call.',
  )
  const subject = tokens.claims()?.sub ?? ''
  const { sub, name } = await client.fetchUserInfo(config, tokens.access_token, subject, {
    DPoP: proof,
  })
  tell.check(`it is the same person as in the ID token: ${name ?? sub}`, sub === subject)

  tell.step('A thief', 'Somebody who got hold of the token tries it without the key.')
  const stolen = { DPoP: await newProof(config) }
  const asThief = (): Promise<unknown> =>
    client.fetchUserInfo(config, tokens.access_token, subject, stolen)
  tell.check('with a key of their own they are refused', (await refusal(asThief)) === '401')
  const { userinfo_endpoint: userinfo = '' } = config.serverMetadata()
  const headers = { authorization: `Bearer ${tokens.access_token}` }
  tell.check(
    'without a proof they are refused',
    (await fetch(userinfo, { headers })).status === 401,
  )
}

/** How an action is refused: the OAuth error code, or the status of a resource. */
async function refusal(action: () => Promise<unknown>): Promise<string> {
  return (await refused(action))?.code ?? 'not refused'
}

interface Refusal {
  readonly code: string
  readonly uri?: unknown
}

async function refused(action: () => Promise<unknown>): Promise<Refusal | undefined> {
  try {
    await action()
    return undefined
  } catch (error) {
    if (error instanceof client.WWWAuthenticateChallengeError) return { code: String(error.status) }
    if (!(error instanceof client.ResponseBodyError)) throw error
    return { code: error.error, uri: error.cause['error_uri'] }
  }
}

async function refresh({ config, tell }: Flow, { refresh_token = '' }: Tokens): Promise<Tokens> {
  tell.step(
    'Refresh',
    'The access token has grown old; the client gets another, and may change its key on the way.',
  )
  const proof = await newProof(config)
  const tokens = await client.refreshTokenGrant(config, refresh_token, undefined, { DPoP: proof })
  const thumbprint = await proof.calculateThumbprint()
  tell.check(
    'the new token is bound to the new key',
    confirmationOf(payloadOf(tokens.access_token)) === thumbprint,
  )
  const isKept = tokens.refresh_token === undefined || tokens.refresh_token === refresh_token
  tell.check('the refresh token was not rotated: no race, no lost session', isKept)
  return tokens
}

async function revoke({ config, tell }: Flow, first: Tokens, latest: Tokens): Promise<void> {
  tell.step('Introspection', 'The client asks whether its token is good.')
  const before = await client.tokenIntrospection(config, latest.access_token)
  tell.check('it is, and names its key', before.active && before.cnf?.jkt !== undefined)

  tell.step('Revocation', 'The client gives its refresh token back; everything made from it ends.')
  const { refresh_token = '' } = first
  await client.tokenRevocation(config, refresh_token)
  const after = await client.tokenIntrospection(config, latest.access_token)
  tell.check('the access token is dead at once', !after.active)
  const again = async (): Promise<unknown> =>
    client.refreshTokenGrant(config, refresh_token, undefined, { DPoP: await newProof(config) })
  tell.check('nothing can be refreshed', (await refusal(again)) === 'invalid_grant')
}

async function reuse({ config, proof, tell }: Flow, answer: URL, pending: Pending): Promise<void> {
  tell.step('Refused, and explained', 'Somebody presents the code a second time.')
  const { pkceCodeVerifier, expectedState, expectedNonce } = pending
  const checks = { pkceCodeVerifier, expectedState, expectedNonce }
  const again = await refused(() =>
    client.authorizationCodeGrant(config, answer, checks, undefined, { DPoP: proof }),
  )
  tell.check('it is refused with invalid_grant', again?.code === 'invalid_grant')
  tell.check('the answer carries an event id', typeof again?.uri === 'string')
  const settings = path.relative('.', path.join(FOLDER, 'signet.yaml'))
  tell.note('why, for the operator:')
  tell.note(`npm run --silent signet -- explain ${String(again?.uri)} --config ${settings}`)
}

async function run(): Promise<void> {
  const tell = new Narrator()
  const demo = readDemo(FOLDER)
  await assertRunning(demo)
  const flow = await discover(demo, tell)
  const pending = await push(flow)
  const answer = await logIn(flow, pending)
  receive(flow, answer, pending)
  const tokens = await exchange(flow, answer, pending)
  await callApi(flow, tokens)
  const latest = await refresh(flow, tokens)
  await revoke(flow, tokens, latest)
  await reuse(flow, answer, pending)
  console.log(`\n${tell.summary()}`)
}

try {
  await run()
} catch (error) {
  console.error(error instanceof NotReady ? error.message : error)
  process.exitCode = 1
}
