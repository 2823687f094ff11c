import { existsSync, readFileSync } from 'node:fs'
import { get } from 'node:http'
import { once } from 'node:events'
import { json as jsonOf } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import type { RunningCommand, ServerProcess } from './server-process.ts'

/** The processes a server has started. */
export function workersOf({ pid = 0 }: Pick<RunningCommand, 'pid'>): readonly number[] {
  return childrenOf(pid)
}

export function childrenOf(pid: number): readonly number[] {
  const children = `/proc/${pid}/task/${pid}/children`
  if (!existsSync(children)) return []
  return readFileSync(children, 'utf8').split(' ').filter(Boolean).map(Number)
}

/** What readiness says; status zero when nobody is there. */
export interface Readiness {
  readonly status: number
  readonly checks: Readonly<Record<string, { readonly ok: boolean; readonly detail?: string }>>
}

export async function readinessOf({ site }: ServerProcess): Promise<Readiness> {
  try {
    const { managementPort: port } = site
    const request = get({ host: '127.0.0.1', port, path: '/readyz', agent: false })
    const [response] = await once(request, 'response')
    const { checks } = Object(await jsonOf(response))
    const named = checks.map((check: { readonly name: string }) => [check.name, check])
    return { status: response.statusCode, checks: Object.fromEntries(named) }
  } catch {
    return { status: 0, checks: {} }
  }
}

type Rolling = Pick<RunningCommand, 'output' | 'send'>

const rolls = (server: Rolling): number =>
  server.output().split('all workers were replaced').length - 1

/** Has all workers replaced, and waits for it. */
export async function roll(server: Rolling): Promise<void> {
  const so = rolls(server)
  server.send('SIGHUP')
  // One after the other starts and drains, which takes its time on a machine that is busy.
  await until(() => rolls(server) > so, 120_000)
}

/** Waits until all of them are at work. */
export async function bothAtWork(server: ServerProcess): Promise<void> {
  await until(async () => {
    const { status, checks } = await readinessOf(server)
    return status === 200 && checks['workers']?.detail === undefined
  })
}

/** Waits until something holds. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  milliseconds = 30_000,
): Promise<void> {
  const giveUp = performance.now() + milliseconds
  while (!(await holds())) {
    if (performance.now() > giveUp) throw new Error(`it does not happen: ${String(holds)}`)
    await pause(25)
  }
}
