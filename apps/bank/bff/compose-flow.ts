import type { RecordedCall } from '../api/calls.ts'
import { hop } from './checks.ts'
import type { Flow, Hop, HopKind, Refusal, Scene, Topic } from './flow.ts'
import type { Visit } from './trail.ts'

/** What the authorization server tells of one of its steps, in development. */
export interface ServerStep {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly step: string
  readonly outcome: string
  readonly refused?: Refusal
}

/** Everything that is known about what a browser did. */
export interface Evidence {
  /** The requests of the browser, the oldest first. */
  readonly visits: readonly Visit[]
  /** By interaction id. */
  readonly calls: ReadonlyMap<string, RecordedCall>
  /** Of this client, the oldest first; undefined when the server did not tell. */
  readonly server: readonly ServerStep[] | undefined
}

interface Part {
  readonly visit: Visit
  /** What the server did for the app while this request was answered. */
  readonly during: readonly ServerStep[]
  /**
   * What it did until the browser came back: from the beginning, because a browser may be at the server already when the app
   * notes that its answer has left.
   */
  readonly since: readonly ServerStep[]
  readonly call: RecordedCall | undefined
}

/** Puts together what app, API and authorization server know. Nothing is shown that none of them saw. */
export function composeFlow({ visits, calls, server }: Evidence): Flow {
  const scenes = visits.flatMap((visit, index): readonly Scene[] => {
    const next = visits[index + 1]?.at ?? Infinity
    const part: Part = {
      visit,
      during: within(server, visit.at, visit.until + 1),
      since: within(server, visit.at, next),
      call: visit.interactionId === undefined ? undefined : calls.get(visit.interactionId),
    }
    const hops = hopsOf(part)
    return hops.length === 0 ? [] : [{ topic: topicOf(part), at: visit.at, times: 1, hops }]
  })
  return { scenes: collapsed(joined(scenes)), serverTold: server !== undefined }
}

function within(
  steps: readonly ServerStep[] | undefined,
  from: number,
  to: number,
): readonly ServerStep[] {
  return (steps ?? []).filter(({ at }) => at >= from && at < to)
}

function hopsOf(part: Part): readonly Hop[] {
  switch (part.visit.kind) {
    case 'login':
      return loginHops(part)
    case 'callback':
      return callbackHops(part)
    case 'api':
      return apiHops(part)
    case 'logout':
      return logoutHops(part)
    case 'session_end':
      return [hop('called', part.visit.at, { status: part.visit.status }), ...revoked(part)]
  }
}

function loginHops({ visit, during, since }: Part): readonly Hop[] {
  const { at, until, status, stepUp, failure } = visit
  if (failure !== undefined) return [hop('login_asked', at, { status, refused: failure })]
  return [
    hop('login_asked', at, { status }),
    ...told(during, 'push', { what: 'request_pushed', at: until }),
    ...since.flatMap((step) => atServer(step, stepUp)),
  ]
}

/** What the browser did there. It may have been sent back at any step: somebody who has consented is not asked again. */
function atServer(step: ServerStep, stepUp: boolean): readonly Hop[] {
  const back = step.outcome === 'redirect' ? [hop('sent_back', step.at)] : []
  switch (step.step) {
    case 'begin':
      return [hop('sent_to_server', step.at, refusalOf(step)), ...back]
    case 'authenticated': {
      const checks = stepUp ? ['STEP-03'] : []
      return [hop('logged_in', step.at, { checks, ...refusalOf(step) }), ...back]
    }
    case 'interaction':
    case 'complete':
      return back
    default:
      return []
  }
}

function callbackHops({ visit, during }: Part): readonly Hop[] {
  const { at, until, status, failure } = visit
  if (failure !== undefined) {
    const tried = during.filter(({ step }) => step === 'token')
    return [
      hop('code_returned', at, tried.length === 0 ? { status, refused: failure } : {}),
      ...tried.map((step) => hop('code_exchanged', step.at, refusalOf(step))),
    ]
  }
  return [
    hop('code_returned', at),
    ...told(during, 'token', { what: 'code_exchanged', at: until }),
    hop('session_opened', until, { status }),
  ]
}

function apiHops({ visit, during, call }: Part): readonly Hop[] {
  const { at, until, status, failure, refreshed } = visit
  if (failure !== undefined) return [hop('called', at, { status, refused: failure })]
  const steps = refreshed ? told(during, 'token', { what: 'token_refreshed', at }) : []
  const forwarded = call === undefined ? [] : [forwardedHop(call)]
  const asked = call?.refused?.error === 'insufficient_user_authentication'
  return [
    hop('called', at),
    ...steps,
    ...forwarded,
    hop(asked ? 'step_up_asked' : 'answered', until, { status }),
  ]
}

function forwardedHop({ at, method, route, status, refused }: RecordedCall): Hop {
  const checks = `${method} ${route}` === 'POST /payments' ? ['STEP-01'] : []
  return hop('forwarded', at, { status, checks, ...(refused !== undefined && { refused }) })
}

function logoutHops(part: Part): readonly Hop[] {
  const { visit, since } = part
  const { at, status, failure } = visit
  if (failure !== undefined) return [hop('logout_asked', at, { status, refused: failure })]
  return [
    hop('logout_asked', at, { status }),
    ...revoked(part),
    ...seen(since, 'end-session', { what: 'ended_at_server' }),
  ]
}

/** Tokens are taken back in the background: before or after the answer. */
function revoked({ since }: Part): readonly Hop[] {
  return seen(since, 'revoke', { what: 'token_revoked' })
}

/** Steps that only the server saw. */
function seen(
  steps: readonly ServerStep[],
  step: string,
  { what, checks = [] }: { readonly what: HopKind; readonly checks?: readonly string[] },
): readonly Hop[] {
  return steps
    .filter((each) => each.step === step)
    .map((each) => hop(what, each.at, { checks, ...refusalOf(each) }))
}

/** Steps the app took part in: without the word of the server they are known to have happened all the same. */
function told(
  steps: readonly ServerStep[],
  step: string,
  { what, at }: { readonly what: HopKind; readonly at: number },
): readonly Hop[] {
  const hops = seen(steps, step, { what })
  return hops.length === 0 ? [hop(what, at)] : hops
}

function refusalOf({ refused }: ServerStep): { readonly refused?: Refusal } {
  return refused === undefined ? {} : { refused }
}

function topicOf({ visit, call }: Part): Topic {
  if (visit.kind === 'login' || visit.kind === 'callback') {
    return visit.stepUp ? 'step_up' : 'login'
  }
  if (visit.kind !== 'api') return visit.kind
  return TOPICS[call?.route ?? ''] ?? 'other'
}

const TOPICS: Readonly<Record<string, Topic>> = {
  '/accounts': 'accounts',
  '/accounts/:id/transactions': 'transactions',
  '/payments': 'payment',
}

/** A login and the return from it are one scene. */
function joined(scenes: readonly Scene[]): readonly Scene[] {
  const out: Scene[] = []
  for (const scene of scenes) {
    const before = out.at(-1)
    const isReturn = scene.hops[0]?.what === 'code_returned'
    const began = before?.hops[0]?.what === 'login_asked'
    if (before !== undefined && isReturn && began) {
      out[out.length - 1] = { ...before, hops: [...before.hops, ...scene.hops] }
    } else out.push(scene)
  }
  return out
}

/** What happened again in the same way is counted. */
function collapsed(scenes: readonly Scene[]): readonly Scene[] {
  const out: Scene[] = []
  for (const scene of scenes) {
    const before = out.at(-1)
    if (before !== undefined && shapeOf(before) === shapeOf(scene)) {
      out[out.length - 1] = { ...before, times: before.times + 1 }
    } else out.push(scene)
  }
  return out
}

function shapeOf({ topic, hops }: Scene): string {
  return JSON.stringify([
    topic,
    hops.map(({ what, status, refused }) => [what, status, refused?.id]),
  ])
}
