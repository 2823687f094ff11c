import { fixedClock, sampleCode, samplePushedRequest } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { after, test } from 'node:test'
import { openSqlite, type SqliteDatabase } from './open-sqlite.ts'
import type { Answer, Task, Wins } from './testing/child.ts'
import { temporaryFile } from './testing/temporary-file.ts'

const ISSUER = 'https://as.example'
const PROCESSES = 4
const ROUNDS = 10

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

function open(path: string): SqliteDatabase {
  return openSqlite(path, { clock: fixedClock(), retention: 86_400 })
}

test('SP-AZ-09 PKJ-06 DPOP-PRF-15 among four processes, one of eighty wins each code, request_uri and jti', async () => {
  const path = temporaryFile()
  const racers = Array.from({ length: PROCESSES }, start)
  // All at once on a file that is not there yet: one makes the schema, the others find it.
  await Promise.all(racers.map((child) => ask(child, { do: 'open', path })))

  const database = open(path)
  for (let round = 0; round < ROUNDS; round += 1) {
    const name = `round ${round}`
    const store = database.store(ISSUER)
    await store.codes.put(sampleCode({ digest: name }))
    await store.pushedRequests.put(samplePushedRequest({ digest: name }))
    await store.settled()
    const answers = await Promise.all(racers.map((child) => ask(child, { do: 'race', name })))
    assert.deepEqual(total(answers), { code: 1, requestUri: 1, jti: 1 }, name)
  }
  database.close()
})

test('REV-03 among four processes no position in a status list is given twice, nor left out', async () => {
  const path = temporaryFile()
  const racers = Array.from({ length: PROCESSES }, start)
  await Promise.all(racers.map((child) => ask(child, { do: 'open', path })))
  const answers = await Promise.all(racers.map((child) => ask(child, { do: 'take' })))
  const taken = answers.flatMap((answer) => ('taken' in answer ? answer.taken : []))
  assert.deepEqual(
    taken.toSorted((one, other) => one - other),
    Array.from({ length: PROCESSES * 100 }, (_, index) => index * 1_024),
  )
})

function total(answers: readonly Answer[]): Wins {
  const wins = answers.flatMap((answer) => ('wins' in answer ? [answer.wins] : []))
  assert.equal(wins.length, PROCESSES)
  return {
    code: wins.reduce((sum, { code }) => sum + code, 0),
    requestUri: wins.reduce((sum, { requestUri }) => sum + requestUri, 0),
    jti: wins.reduce((sum, { jti }) => sum + jti, 0),
  }
}

test('what has settled survives kill -9, from several writers at once', async () => {
  const path = temporaryFile()
  const written = (await Promise.all([1, 2].map(() => writeUntilKilled(path)))).flat()
  assert.ok(written.length >= 200)

  const database = open(path)
  const { codes, grants, replay } = database.store(ISSUER)
  for (const name of written) {
    assert.equal((await codes.peek(name))?.digest, name)
    assert.equal(await codes.redeem(name), false, `${name} can be redeemed again`)
    assert.equal((await grants.get(name))?.id, name)
    assert.notEqual(await replay.first([{ digest: name, until: 1_900_000_000 }]), undefined)
  }
  database.close()
})

/** Lets a process write, kills it in the middle of it, and answers what it said had settled. */
async function writeUntilKilled(path: string): Promise<readonly string[]> {
  const child = start()
  await ask(child, { do: 'open', path })
  const written: string[] = []
  const exit = once(child, 'exit')
  child.on('message', (answer: Answer) => {
    assert.ok('written' in answer, JSON.stringify(answer))
    written.push(answer.written)
    if (written.length === 100) child.kill('SIGKILL')
  })
  child.send({ do: 'write' } satisfies Task)
  await exit
  return written
}
