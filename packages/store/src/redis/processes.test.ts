import { fixedClock, sampleCode, samplePushedRequest, SAMPLE_NOW } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { after, test } from 'node:test'
import { openRedis } from './open-redis.ts'
import type { Answer, Task, Wins } from './testing/child.ts'
import { startRedis, type RedisServer } from './testing/server.ts'
import { until } from './testing/until.ts'

const ISSUER = 'https://as.example'
const PROCESSES = 4
const ROUNDS = 25

const children: ChildProcess[] = []
after(() => {
  for (const child of children) child.kill('SIGKILL')
})

function start(): ChildProcess {
  const child = fork(new URL('testing/child.ts', import.meta.url), {
    execArgv: ['--conditions=source'],
  })
  children.push(child)
  return child
}

async function ask(child: ChildProcess, task: Task): Promise<Answer> {
  const answered = once(child, 'message')
  child.send(task)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the child is ours
  const [answer] = (await answered) as [Answer]
  if ('failed' in answer) throw new Error(answer.failed)
  return answer
}

test('SP-AZ-09 PKJ-06 DPOP-PRF-15 among four processes, one of eighty wins each code, request_uri and jti', async () => {
  const server = await startRedis()
  const racers = Array.from({ length: PROCESSES }, start)
  await Promise.all(racers.map((child) => ask(child, { do: 'open', url: server.url })))
  const redis = await openRedis({ url: server.url, clock: fixedClock(), settling: 0.1 })
  const { codes, pushedRequests } = redis.ephemeral(ISSUER)
  for (let round = 0; round < ROUNDS; round += 1) {
    const name = `round ${round}`
    await codes.put(sampleCode({ digest: name }))
    await pushedRequests.put(samplePushedRequest({ digest: name }))
    const answers = await Promise.all(racers.map((child) => ask(child, { do: 'race', name })))
    assert.deepEqual(total(answers), { code: 1, requestUri: 1, jti: 1, attempts: 7 }, name)
  }
  redis.close()
  for (const child of racers) child.kill('SIGKILL')
  await server.stop()
})

function total(answers: readonly Answer[]): Wins {
  const wins = answers.flatMap((answer) => ('wins' in answer ? [answer.wins] : []))
  assert.equal(wins.length, PROCESSES)
  const sum = (of: (each: Wins) => number): number => wins.reduce((all, each) => all + of(each), 0)
  return {
    code: sum(({ code }) => code),
    requestUri: sum(({ requestUri }) => requestUri),
    jti: sum(({ jti }) => jti),
    attempts: sum(({ attempts }) => attempts),
  }
}

test('SP-AZ-09 PKJ-06 DPOP-PRF-15 what was answered survives kill -9 of Redis and of all who asked, if it syncs always', async () => {
  const server = await startRedis({ appendfsync: 'always' })
  const writers = Array.from({ length: 2 }, start)
  await Promise.all(writers.map((child) => ask(child, { do: 'open', url: server.url })))
  const written = await killAmidWriting(server, writers)
  assert.ok(written.length >= 200)
  await server.start()

  const redis = await openRedis({ url: server.url, clock: fixedClock(), settling: 0.1 })
  const { codes, pushedRequests, replay } = redis.ephemeral(ISSUER)
  for (const name of written) {
    const mark = { digest: name, until: SAMPLE_NOW + 600 }
    assert.deepEqual(await until(() => replay.first([mark])), mark)
    assert.equal((await codes.peek(name))?.digest, name)
    assert.equal(await codes.redeem(name), false, `${name} can be redeemed again`)
    assert.equal(await pushedRequests.claim(name), false, `${name} can be claimed again`)
  }
  redis.close()
  await server.stop()
})

/** Lets them write, kills Redis and them in the middle of it, and answers what they said was answered. */
async function killAmidWriting(
  server: RedisServer,
  writers: readonly ChildProcess[],
): Promise<readonly string[]> {
  const written: string[] = []
  const enough = Promise.withResolvers<void>()
  for (const child of writers) {
    child.on('message', (answer: Answer) => {
      if ('written' in answer) written.push(answer.written)
      if (written.length === 200) enough.resolve()
    })
    child.send({ do: 'write' } satisfies Task)
  }
  await enough.promise
  await server.kill()
  for (const child of writers) {
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }
  return written
}
