import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { ENVIRONMENT, MAIN } from './server-process.ts'

/** How a command ended. */
export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface Around {
  readonly stdin?: string
  readonly cwd?: string
  readonly environment?: Readonly<Record<string, string>>
}

/** Runs `signet …` as an operator would. */
export async function signet(args: readonly string[], around: Around = {}): Promise<Ran> {
  const child = spawn(process.execPath, [...MAIN, ...args], {
    env: { ...ENVIRONMENT, ...around.environment },
    ...(around.cwd !== undefined && { cwd: around.cwd }),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.on('error', () => undefined).end(around.stdin ?? '')
  const closed = once(child, 'close')
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  await closed
  return { code: child.exitCode ?? -1, stdout, stderr }
}
