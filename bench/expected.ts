import assert from 'node:assert/strict'
import type { Answer } from './connection.ts'
import type { Client, Flow } from './requests.ts'

/** A pushed request must have been created; the reference to it. */
export function requestUriOf(answer: Answer): string {
  return text(answer, json(answer, 201), 'request_uri')
}

/** The browser must be sent back to the client with a code, its state and the issuer; the code. */
export function codeOf(answer: Answer, client: Client, flow: Pick<Flow, 'state'>): string {
  assert.equal(answer.status, 303, told(answer))
  const { location = '' } = answer.headers
  const { redirectUri } = client.credentials.setup
  assert.ok(location.startsWith(`${redirectUri}?`), `redirected to ${location}`)
  const answered = new URL(location).searchParams
  assert.equal(answered.get('state'), flow.state)
  assert.equal(answered.get('iss'), client.target.issuer)
  const code = answered.get('code')
  assert.ok(code, `no code in ${location}`)
  return code
}

/** Tokens must have been issued: bound by DPoP, for this user, client and nonce; the access token. */
export function accessTokenOf(answer: Answer, client: Client, flow: Pick<Flow, 'nonce'>): string {
  const body = json(answer, 200)
  assert.equal(text(answer, body, 'token_type'), 'DPoP')
  const claims = claimsOf(text(answer, body, 'id_token'))
  assert.equal(claims['iss'], client.target.issuer)
  assert.equal(claims['aud'], client.credentials.setup.clientId)
  assert.equal(claims['sub'], client.target.subject)
  assert.equal(claims['nonce'], flow.nonce)
  return text(answer, body, 'access_token')
}

/** A token for the client itself must have been issued, bound by DPoP. */
export function expectOwnToken(answer: Answer): void {
  const body = json(answer, 200)
  assert.equal(text(answer, body, 'token_type'), 'DPoP')
  text(answer, body, 'access_token')
}

/** Userinfo must tell the claims of the scopes asked for. */
export function expectUserinfo(answer: Answer, client: Client): void {
  const body = json(answer, 200)
  assert.equal(body['sub'], client.target.subject)
  for (const claim of ['name', 'email']) text(answer, body, claim)
}

/** The server must have refused, and as an OAuth answer, not by breaking down. */
export function expectRefusal(what: string, answer: Answer): void {
  const { status } = answer
  assert.ok(status === 400 || status === 401, `${what} was not refused: ${told(answer)}`)
}

function json(answer: Answer, status: number): Readonly<Record<string, unknown>> {
  assert.equal(answer.status, status, told(answer))
  return record(JSON.parse(answer.body))
}

function claimsOf(jwt: string): Readonly<Record<string, unknown>> {
  const [header = '', payload = '', signature = ''] = jwt.split('.')
  assert.ok(signature, 'an ID token without signature')
  assert.equal(decoded(header)['alg'], 'ES256')
  return decoded(payload)
}

function decoded(part: string): Readonly<Record<string, unknown>> {
  return record(JSON.parse(Buffer.from(part, 'base64url').toString()))
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  assert.ok(typeof value === 'object' && value !== null, `no object: ${JSON.stringify(value)}`)
  return { ...value }
}

function text(answer: Answer, body: Readonly<Record<string, unknown>>, member: string): string {
  const value = body[member]
  assert.ok(typeof value === 'string' && value !== '', `no ${member} in ${told(answer)}`)
  return value
}

function told({ status, body }: Answer): string {
  return `${status} ${body.slice(0, 500)}`
}
