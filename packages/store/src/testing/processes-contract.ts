import { AUDIT_STREAMS, checkChain, type Store } from '@signet/engine'
import { sampleCode, samplePushedRequest } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { after, describe, test } from 'node:test'
import type { Answer, Task, Wins } from './contestant.ts'

const PROCESSES = 4
/** More of them for who has the time: `SIGNET_RACE_ROUNDS=100`. */
const ROUNDS = Number(process.env['SIGNET_RACE_ROUNDS'] ?? 10)

/** A kind of store that several processes open at once. */
export interface SharedStores {
  /** The file that each process runs. */
  readonly child: URL
  /** A place for a store that nobody has used. */
  place(): Promise<string>
  /** Opens the store of the issuer that the processes use. */
  open(place: string): Promise<{ readonly store: Store; close(): void | Promise<void> }>
}

/** Registers the tests with several processes that every store must pass which processes share. */
export function processesContract(name: string, shared: SharedStores): void {
  const children: ChildProcess[] = []
  after(() => {
    for (const child of children) child.kill('SIGKILL')
  })
  const start = (): ChildProcess => {
    const child = fork(shared.child, { execArgv: ['--conditions=source'] })
    children.push(child)
    return child
  }
  const startAll = async (place: string): Promise<readonly ChildProcess[]> => {
    const racers = Array.from({ length: PROCESSES }, start)
    // All at once on a place that is empty yet: one makes the schema, the others find it.
    await Promise.all(racers.map((child) => ask(child, { do: 'open', place })))
    return racers
  }

  describe(`${name} among processes`, () => {
    test('SP-AZ-09 PKJ-06 DPOP-PRF-15 among four processes, one of eighty wins each code, request_uri and jti', async (t) => {
      const place = await shared.place()
      const racers = await startAll(place)
      const opened = await shared.open(place)
      for (let round = 0; round < ROUNDS; round += 1) {
        const digest = `round ${round}`
        const { store } = opened
        await store.codes.put(sampleCode({ digest }))
        await store.pushedRequests.put(samplePushedRequest({ digest }))
        await store.settled()
        const tasks = racers.map((child) => ask(child, { do: 'race', name: digest }))
        assert.deepEqual(total(await Promise.all(tasks)), { code: 1, requestUri: 1, jti: 1 })
      }
      t.diagnostic(`${ROUNDS} winners among ${ROUNDS * 80} attempts, of each of the three`)
      await opened.close()
    })

    test('REV-03 among four processes no position in a status list is given twice, nor left out', async () => {
      const racers = await startAll(await shared.place())
      const answers = await Promise.all(racers.map((child) => ask(child, { do: 'take' })))
      const taken = answers.flatMap((answer) => ('taken' in answer ? answer.taken : []))
      assert.deepEqual(
        taken.toSorted((one, other) => one - other),
        Array.from({ length: PROCESSES * 100 }, (_, index) => index * 1_024),
      )
    })

    test('among four processes every event has its place in a chain, once', async () => {
      const place = await shared.place()
      const racers = await startAll(place)
      const answers = await Promise.all(racers.map((child) => ask(child, { do: 'record' })))
      const recorded = answers.flatMap((answer) => ('recorded' in answer ? answer.recorded : []))
      assert.equal(recorded.length, PROCESSES * 200)
      const opened = await shared.open(place)
      const { store } = opened
      for (const stream of AUDIT_STREAMS) {
        const { breaks, count } = await checkChain(store.audit, stream)
        assert.deepEqual(breaks, [])
        assert.equal(count, PROCESSES * 100 + 1)
      }
      for (const id of recorded) assert.equal((await store.audit.find(id))?.id, id)
      await opened.close()
    })

    test('what has settled survives kill -9, from several writers at once', async () => {
      const place = await shared.place()
      const writers = [1, 2].map(() => writeUntilKilled(start(), place))
      const written = (await Promise.all(writers)).flat()
      assert.ok(written.length >= 200)
      const opened = await shared.open(place)
      for (const digest of written) await requireWritten(opened.store, digest)
      const { breaks, count } = await checkChain(opened.store.audit, 'trusted')
      assert.deepEqual(breaks, [])
      assert.ok(count >= written.length)
      await opened.close()
    })
  })
}

async function ask(child: ChildProcess, task: Task): Promise<Answer> {
  const answered = once(child, 'message')
  child.send(task)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the child is ours
  const [answer] = (await answered) as [Answer]
  if ('failed' in answer) throw new Error(answer.failed)
  return answer
}

function total(answers: readonly Answer[]): Wins {
  const wins = answers.flatMap((answer) => ('wins' in answer ? [answer.wins] : []))
  assert.equal(wins.length, PROCESSES)
  return {
    code: wins.reduce((sum, { code }) => sum + code, 0),
    requestUri: wins.reduce((sum, { requestUri }) => sum + requestUri, 0),
    jti: wins.reduce((sum, { jti }) => sum + jti, 0),
  }
}

/** Lets a process write, kills it in the middle of it, and answers what it said had settled. */
async function writeUntilKilled(child: ChildProcess, place: string): Promise<readonly string[]> {
  await ask(child, { do: 'open', place })
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

/** That what a contestant said it had written is there, and stays used. */
export async function requireWritten(store: Store, name: string): Promise<void> {
  const { codes, grants, replay } = store
  assert.equal((await codes.peek(name))?.digest, name)
  assert.equal(await codes.redeem(name), false, `${name} can be redeemed again`)
  assert.equal((await grants.get(name))?.id, name)
  assert.notEqual(await replay.first([{ digest: name, until: 1_900_000_000 }]), undefined)
}
