import assert from 'node:assert/strict'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { temporaryFile } from '../sqlite/testing/temporary-file.ts'
import type { Answer, Task } from '../testing/contestant.ts'
import { processesContract, requireWritten } from '../testing/processes-contract.ts'
import { startRedis, type RedisServer } from './testing/server.ts'
import { openWithFile } from './testing/with-file.ts'

const child = new URL('testing/child.ts', import.meta.url)

let server: RedisServer
before(async () => {
  server = await startRedis({ appendfsync: 'always' })
})
after(() => server.stop())

async function place(): Promise<string> {
  await server.command('FLUSHALL')
  return `${temporaryFile()} ${server.url}`
}

processesContract('Redis and SQLite', { child, place, open: openWithFile })

test('SP-AZ-09 PKJ-06 DPOP-PRF-15 what was answered survives kill -9 of Redis and of all who asked, if it syncs always', async () => {
  const at = await place()
  const writers = [1, 2].map(() => fork(child, { execArgv: ['--conditions=source'] }))
  const written = await writeUntilKilled(writers, at)
  assert.ok(written.length >= 200)
  await server.start()
  const opened = await openWithFile(at)
  for (const name of written) await requireWritten(opened.store, name)
  await opened.close()
})

/** Lets them write, kills Redis and them in the middle of it, and answers what they said had settled. */
async function writeUntilKilled(
  writers: readonly ChildProcess[],
  at: string,
): Promise<readonly string[]> {
  const written: string[] = []
  const enough = Promise.withResolvers<void>()
  for (const writer of writers) {
    writer.on('message', (answer: Answer) => {
      if ('opened' in answer) writer.send({ do: 'write' } satisfies Task)
      if ('written' in answer) written.push(answer.written)
      if (written.length === 200) enough.resolve()
    })
    writer.send({ do: 'open', place: at } satisfies Task)
  }
  await enough.promise
  await server.kill()
  for (const writer of writers) {
    const exit = once(writer, 'exit')
    writer.kill('SIGKILL')
    await exit
  }
  return written
}
