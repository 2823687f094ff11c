import { StoreUnavailable } from '@signet/engine'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GroupCommit, type Transactional } from './group-commit.ts'

/** A database that does nothing but keep count, and fails on demand. */
class Ledger implements Transactional {
  readonly done: string[] = []
  readonly failing = new Set<string>()
  #open = false

  isOpen(): boolean {
    return this.#open
  }

  begin(): void {
    this.#do('begin')
    this.#open = true
  }

  commit(): void {
    this.#do('commit')
    this.#open = false
  }

  rollback(): void {
    this.#do('rollback')
    this.#open = false
  }

  /** As SQLite does when the disk is full. */
  giveUp(): void {
    this.#open = false
  }

  #do(what: string): void {
    this.done.push(what)
    if (this.failing.has(what)) throw new Error(`${what} failed`)
  }
}

function scene(): { ledger: Ledger; group: GroupCommit; pass: (seconds: number) => void } {
  const ledger = new Ledger()
  let now = 100
  const group = new GroupCommit(ledger, () => now)
  return { ledger, group, pass: (seconds) => (now += seconds) }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('everything written in one turn is one transaction, committed when the turn ends', async () => {
  const { ledger, group } = scene()
  group.begin()
  group.begin()
  await Promise.resolve().then(() => group.begin())
  assert.deepEqual(ledger.done, ['begin'])
  await Promise.all([group.settled(), group.settled()])
  assert.deepEqual(ledger.done, ['begin', 'commit'])
  group.begin()
  await group.settled()
  assert.deepEqual(ledger.done, ['begin', 'commit', 'begin', 'commit'])
})

test('settled waits for nothing when nothing is open', async () => {
  const { ledger, group } = scene()
  await group.settled()
  assert.deepEqual(ledger.done, [])
})

test('is committed without anybody asking', async () => {
  const { ledger, group } = scene()
  group.begin()
  await turn()
  assert.deepEqual(ledger.done, ['begin', 'commit'])
})

test('a commit that fails is rolled back, and everybody who waits hears of it', async () => {
  const { ledger, group } = scene()
  ledger.failing.add('commit')
  group.begin()
  const waiting = await Promise.allSettled([group.settled(), group.settled()])
  assert.deepEqual(
    waiting.map((one) => one.status === 'rejected' && one.reason instanceof StoreUnavailable),
    [true, true],
  )
  assert.deepEqual(ledger.done, ['begin', 'commit', 'rollback'])
})

test('a step that asks only later hears of the loss too, for as long as a step may take', async () => {
  const { ledger, group, pass } = scene()
  ledger.failing.add('commit')
  group.begin()
  await turn()
  ledger.failing.clear()
  pass(14)
  group.begin()
  await assert.rejects(group.settled(), StoreUnavailable)
  assert.throws(() => group.check(), StoreUnavailable)
  await turn()
  pass(2)
  await group.settled()
  group.check()
})

test('what is written after a loss goes into a new transaction', async () => {
  const { ledger, group } = scene()
  ledger.failing.add('commit')
  group.begin()
  await turn()
  ledger.failing.clear()
  group.begin()
  await turn()
  assert.deepEqual(ledger.done, ['begin', 'commit', 'rollback', 'begin', 'commit'])
})

test('a transaction the database ended by itself is lost at once, not continued without one', async () => {
  const { ledger, group } = scene()
  group.begin()
  const settled = group.settled()
  ledger.giveUp()
  group.noticeRollback(new Error('disk full'))
  await assert.rejects(settled, StoreUnavailable)
  group.begin()
  assert.deepEqual(ledger.done, ['begin', 'begin'])
})

test('an error that left the transaction open is not a loss', async () => {
  const { group } = scene()
  group.begin()
  group.noticeRollback(new Error('of one statement'))
  await group.settled()
})

test('a transaction that cannot be begun is refused to who asks, and harms nobody else', async () => {
  const { ledger, group } = scene()
  ledger.failing.add('begin')
  assert.throws(() => group.begin(), StoreUnavailable)
  await group.settled()
  ledger.failing.clear()
  group.begin()
  await group.settled()
})

test('a rollback that failed is tried again', async () => {
  const { ledger, group } = scene()
  ledger.failing.add('commit').add('rollback')
  group.begin()
  await turn()
  ledger.failing.delete('rollback')
  ledger.failing.add('begin')
  assert.throws(() => group.begin(), StoreUnavailable)
  assert.equal(ledger.isOpen(), false)
})

test('closing commits what is open, and refuses what comes later', async () => {
  const { ledger, group } = scene()
  group.begin()
  const settled = group.settled()
  group.close()
  assert.deepEqual(ledger.done, ['begin', 'commit'])
  await settled
  assert.throws(() => group.begin(), StoreUnavailable)
  await turn()
  assert.deepEqual(ledger.done, ['begin', 'commit'])
})

test('who takes part writes its last word, and learns how it ended', async () => {
  const { ledger, group } = scene()
  const heard: string[] = []
  group.join({
    beforeCommit: () => heard.push(`before ${ledger.done.at(-1)}`),
    ended: (kept) => heard.push(kept ? 'kept' : 'lost'),
  })
  group.begin()
  await turn()
  ledger.failing.add('commit')
  group.begin()
  await turn()
  assert.deepEqual(heard, ['before begin', 'kept', 'before begin', 'lost'])
})

test('a last word that cannot be written loses the transaction', async () => {
  const { ledger, group } = scene()
  group.join({
    beforeCommit: () => {
      throw new Error('no room for it')
    },
    ended: () => undefined,
  })
  group.begin()
  await assert.rejects(group.settled(), StoreUnavailable)
  assert.deepEqual(ledger.done, ['begin', 'rollback'])
})
