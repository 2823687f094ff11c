import { setTimeout } from 'node:timers/promises'
import { connect } from './connection.ts'
import type { CpuByPhase, Microseconds, Target } from './contract.ts'
import type { Credentials } from './credentials.ts'
import {
  accessTokenOf,
  codeOf,
  expectOwnToken,
  expectRefusal,
  expectUserinfo,
  requestUriOf,
} from './expected.ts'
import {
  authorize,
  beginFlow,
  pushRequest,
  redeemCode,
  requestOwnToken,
  signFor,
  userinfoRequest,
  type Client,
} from './requests.ts'

/** Milliseconds a server gets to do what it put off, so that nobody hides work behind an answer. */
const SETTLE = 25

/** A client and a browser that drive complete flows through one server. */
export interface Driver {
  /**
   * Runs flows phase by phase and attributes the server's CPU to the phases, per flow.
   *
   * @throws AssertionError on any answer that is not the right one
   */
  readonly round: (flows: number) => Promise<CpuByPhase>
  /**
   * Asks so many times for a token of the client's own, and tells what each took. No part of a flow.
   *
   * @throws AssertionError on any answer that is not the right one
   */
  readonly clientCredentials: (count: number) => Promise<Microseconds>
  /**
   * Shows that the server is not fast because it is careless.
   *
   * @throws AssertionError unless it refuses forgeries and replays
   */
  readonly proveStrict: () => Promise<void>
  readonly close: () => void
}

export interface Drive {
  readonly target: Target
  readonly credentials: Credentials
  /** Requests under way at the same time. */
  readonly inFlight: number
  /** What the server process has used so far. */
  readonly cpu: () => Promise<Microseconds>
}

export function createDriver({ target, credentials, inFlight, cpu }: Drive): Driver {
  const connection = connect(target.origin, inFlight)
  const client: Client = { target, credentials, connection }
  return {
    round: (flows) => round(client, flows, cpu),
    clientCredentials: (count) => clientCredentials(client, count, cpu),
    proveStrict: () => proveStrict(client),
    close: connection.close,
  }
}

async function round(
  client: Client,
  count: number,
  cpu: () => Promise<Microseconds>,
): Promise<CpuByPhase> {
  const { send, forAll } = client.connection
  const flows = Array.from({ length: count }, (_, index) => beginFlow(client, index))

  const atStart = await cpu()
  const pushed = await forAll(flows, async (flow) => ({
    ...flow,
    requestUri: requestUriOf(await pushRequest(client, flow)),
  }))
  const afterPar = await cpu()
  const authorized = await forAll(pushed, async (flow) => ({
    ...flow,
    code: codeOf(await authorize(client, flow.requestUri), client, flow),
  }))
  const afterAuthorize = await cpu()
  const issued = await forAll(authorized, async (flow) => ({
    prover: flow.prover,
    accessToken: accessTokenOf(await redeemCode(client, flow, flow.code), client, flow),
  }))
  const afterToken = await cpu()
  const calls = issued.map((flow) => userinfoRequest(client, flow.prover, flow.accessToken))
  await forAll(calls, async (call) => expectUserinfo(await send(call), client))
  await setTimeout(SETTLE)
  const atEnd = await cpu()

  return {
    par: (afterPar - atStart) / count,
    authorize: (afterAuthorize - afterPar) / count,
    token: (afterToken - afterAuthorize) / count,
    userinfo: (atEnd - afterToken) / count,
  }
}

async function clientCredentials(
  client: Client,
  count: number,
  cpu: () => Promise<Microseconds>,
): Promise<Microseconds> {
  const { token } = client.target.endpoints
  const requests = Array.from({ length: count }, (_, index) => signFor(token, client, index))
  const atStart = await cpu()
  await client.connection.forAll(requests, async (signed) =>
    expectOwnToken(await requestOwnToken(client, signed)),
  )
  await setTimeout(SETTLE)
  return ((await cpu()) - atStart) / count
}

async function proveStrict(client: Client): Promise<void> {
  const flow = beginFlow(client, 0)
  const requestUri = requestUriOf(await pushRequest(client, flow))
  expectRefusal('a replayed assertion', await pushRequest(client, flow))

  const { par, ...other } = beginFlow(client, 0)
  const assertion = forged(par.assertion)
  const falseClient = { ...other, par: { ...par, assertion } }
  expectRefusal('a forged assertion', await pushRequest(client, falseClient))
  const proof = forged(beginFlow(client, 0).par.proof)
  const falseProver = {
    ...other,
    par: { assertion: client.credentials.assertion(client.target), proof },
  }
  expectRefusal('a forged proof', await pushRequest(client, falseProver))

  const code = codeOf(await authorize(client, requestUri), client, flow)
  const accessToken = accessTokenOf(await redeemCode(client, flow, code), client, flow)
  const call = userinfoRequest(client, flow.prover, accessToken)
  expectUserinfo(await client.connection.send(call), client)
  expectRefusal('a replayed proof', await client.connection.send(call))
  const late = { ...beginFlow(client, 0), verifier: flow.verifier }
  expectRefusal('a code redeemed before', await redeemCode(client, late, code))
}

/** The same JWS with one bit of its signature turned. */
function forged(jws: string): string {
  const at = jws.lastIndexOf('.') + 1
  const signature = Buffer.from(jws.slice(at), 'base64url')
  signature[40] = (signature[40] ?? 0) ^ 1
  return `${jws.slice(0, at)}${signature.toString('base64url')}`
}
