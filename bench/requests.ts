import type { Answer, Connection, Sent } from './connection.ts'
import type { Target } from './contract.ts'
import { sha256, unique, type Credentials, type Prover } from './credentials.ts'

/** A client that knows one server. */
export interface Client {
  readonly target: Target
  readonly credentials: Credentials
  readonly connection: Connection
}

/** One run of the authorization code flow, with everything signed ahead that can be. */
export interface Flow {
  readonly prover: Prover
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  readonly par: Signed
  readonly token: Signed
}

export interface Signed {
  readonly assertion: string
  readonly proof: string
}

export function beginFlow(client: Client, index: number): Flow {
  const { target, credentials } = client
  return {
    prover: credentials.prover(index),
    state: unique(),
    nonce: unique(),
    verifier: unique(),
    par: signFor(target.endpoints.par, client, index),
    token: signFor(target.endpoints.token, client, index),
  }
}

/** What authenticates one request to an endpoint. */
export function signFor(url: string, { target, credentials }: Client, index: number): Signed {
  return {
    assertion: credentials.assertion(target),
    proof: credentials.prover(index).proof('POST', url),
  }
}

/** @see RFC 9126 §2.1 */
export function pushRequest(
  client: Client,
  flow: Pick<Flow, 'par' | 'state' | 'nonce' | 'verifier'>,
): Promise<Answer> {
  const { clientId, redirectUri, scope } = client.credentials.setup
  return post(client, client.target.endpoints.par, {
    signed: flow.par,
    form: {
      response_type: 'code',
      client_id: clientId,
      redirect_uri: redirectUri,
      scope,
      state: flow.state,
      nonce: flow.nonce,
      code_challenge: sha256(flow.verifier),
      code_challenge_method: 'S256',
    },
  })
}

/** The browser, with its session, follows the client's redirect. @see RFC 9126 §4 */
export function authorize(
  { target, credentials, connection }: Client,
  requestUri: string,
): Promise<Answer> {
  const { host, pathname } = new URL(target.endpoints.authorize)
  const query = new URLSearchParams({
    client_id: credentials.setup.clientId,
    request_uri: requestUri,
  })
  return connection.send({
    method: 'GET',
    path: `${pathname}?${query.toString()}`,
    headers: { host, cookie: target.cookie },
  })
}

/** @see RFC 6749 §4.1.3 */
export function redeemCode(
  client: Client,
  flow: Pick<Flow, 'token' | 'verifier'>,
  code: string,
): Promise<Answer> {
  return post(client, client.target.endpoints.token, {
    signed: flow.token,
    form: {
      grant_type: 'authorization_code',
      code,
      redirect_uri: client.credentials.setup.redirectUri,
      code_verifier: flow.verifier,
    },
  })
}

/** The client asks for a token in its own name. @see RFC 6749 §4.4.2 */
export function requestOwnToken(client: Client, signed: Signed): Promise<Answer> {
  const form = { grant_type: 'client_credentials' }
  return post(client, client.target.endpoints.token, { signed, form })
}

/** A userinfo request with its proof, ready to be sent. @see RFC 9449 §7.1 */
export function userinfoRequest({ target }: Client, prover: Prover, accessToken: string): Sent {
  const { host, pathname } = new URL(target.endpoints.userinfo)
  return {
    method: 'GET',
    path: pathname,
    headers: {
      host,
      authorization: `DPoP ${accessToken}`,
      dpop: prover.proof('GET', target.endpoints.userinfo, accessToken),
    },
  }
}

function post(
  { connection }: Client,
  url: string,
  { signed, form }: { readonly signed: Signed; readonly form: Readonly<Record<string, string>> },
): Promise<Answer> {
  const { host, pathname } = new URL(url)
  const body = new URLSearchParams({
    ...form,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: signed.assertion,
  }).toString()
  return connection.send({
    method: 'POST',
    path: pathname,
    headers: {
      host,
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
      dpop: signed.proof,
    },
    body,
  })
}
