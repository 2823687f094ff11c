import type {
  Account,
  AccountList,
  FieldProblem,
  PaymentOrder,
  PaymentReceipt,
  TransactionList,
} from '../../api/contract.ts'
import type { Flow } from '../../bff/flow.ts'

/** Who is logged in. Nothing of this is a credential: that is a cookie no script can read. */
export interface Person {
  readonly name: string
}

/** One browser that is logged in. Times in seconds since 1970. */
export interface SessionInfo {
  readonly id: string
  readonly current: boolean
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly userAgent?: string
}

export type PaymentOutcome =
  | { readonly action: 'paid'; readonly receipt: PaymentReceipt }
  | { readonly action: 'invalid'; readonly problems: readonly FieldProblem[] }
  /** The bank wants to be sure who pays: go there, and come back. */
  | { readonly action: 'step_up'; readonly loginUrl: string }

/** A call that brought nothing. `login_required`: the session has ended. */
export class CallFailed extends Error {
  readonly code: string

  constructor(code: string) {
    super(code)
    this.code = code
  }
}

interface Problem {
  readonly code?: string
  readonly login_url?: string
  readonly errors?: readonly FieldProblem[]
}

interface Call {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Never cached, never to another origin, and marked as ours: no other site can send this header here. */
async function call(path: string, init: Call = {}): Promise<Response> {
  try {
    return await fetch(path, {
      ...init,
      cache: 'no-store',
      headers: { accept: 'application/json', 'x-csrf': '1', ...init.headers },
    })
  } catch {
    throw new CallFailed('unreachable')
  }
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    return await response.json()
  } catch {
    return {}
  }
}

async function read<Value>(path: string): Promise<Value> {
  const response = await call(path)
  if (!response.ok) throw new CallFailed((await problemOf(response)).code ?? 'unexpected')
  return response.json()
}

/** @returns undefined when nobody is logged in */
export async function whoIsThere(): Promise<Person | undefined> {
  const user = await read<{
    readonly authenticated: boolean
    readonly claims?: { readonly name?: string; readonly sub: string }
  }>('/bff/user')
  if (!user.authenticated) return undefined
  return { name: user.claims?.name ?? user.claims?.sub ?? '' }
}

export async function accounts(): Promise<readonly Account[]> {
  return (await read<AccountList>('/api/accounts')).accounts
}

export function transactions(account: string): Promise<TransactionList> {
  return read(`/api/accounts/${encodeURIComponent(account)}/transactions`)
}

/** @param key the same for the same payment, however often it is sent */
export async function pay(order: PaymentOrder, key: string): Promise<PaymentOutcome> {
  const response = await call('/api/payments', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify(order),
  })
  if (response.ok) return { action: 'paid', receipt: await response.json() }
  const { code = 'unexpected', errors, login_url: start } = await problemOf(response)
  if (code === 'step_up_required' && start !== undefined) {
    return { action: 'step_up', loginUrl: start }
  }
  if (code === 'invalid_payment') return { action: 'invalid', problems: errors ?? [] }
  throw new CallFailed(code)
}

export async function sessions(): Promise<readonly SessionInfo[]> {
  return (await read<{ readonly sessions: readonly SessionInfo[] }>('/bff/sessions')).sessions
}

/** @param id without it, all but this one */
export async function endSessions(id?: string): Promise<void> {
  const path = id === undefined ? '/bff/sessions' : `/bff/sessions/${encodeURIComponent(id)}`
  const response = await call(path, { method: 'DELETE' })
  if (!response.ok) throw new CallFailed((await problemOf(response)).code ?? 'unexpected')
}

export function flow(): Promise<Flow> {
  return read('/trail')
}

/** Ends the session here. @returns where to go to end it at the login server too */
export async function logOut(): Promise<string> {
  const response = await call('/bff/logout', { method: 'POST' })
  if (!response.ok) throw new CallFailed((await problemOf(response)).code ?? 'unexpected')
  const { logoutUrl }: { readonly logoutUrl: string } = await response.json()
  return logoutUrl
}

/** Where a login begins. It ends at `returnUrl`, a path of this app. */
export function loginUrl(returnUrl: string, start = '/bff/login'): string {
  const url = new URL(start, location.origin)
  url.searchParams.set('returnUrl', returnUrl)
  return url.pathname + url.search
}
