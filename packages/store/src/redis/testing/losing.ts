import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RedisServer } from './server.ts'

/** Kills the server, and starts it with only what it had when `lose` was called. */
export async function losing(server: RedisServer, play: () => Promise<void>): Promise<void> {
  const copy = mkdtempSync(join(tmpdir(), 'signet-redis-'))
  cpSync(server.directory, copy, { recursive: true })
  await play()
  await server.kill()
  rmSync(server.directory, { recursive: true })
  cpSync(copy, server.directory, { recursive: true })
  rmSync(copy, { recursive: true })
  await server.start()
}

/** Whether the append-only files have this word. */
export function isOnDisk(server: RedisServer, word: string): boolean {
  const directory = join(server.directory, 'appendonlydir')
  return readdirSync(directory).some((file) => readFileSync(join(directory, file)).includes(word))
}
