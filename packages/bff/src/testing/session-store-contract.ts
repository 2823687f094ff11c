import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { KEPT_AFTER_END, type SessionStore, type StoredSession } from '../sessions/port.ts'

/** Stores that share their state, as processes of one deployment do. */
export interface OpenedSessions {
  readonly one: SessionStore
  /** The same sessions, seen by another process. */
  readonly other: SessionStore
  /** Only sessions are swept; whatever else ends goes by itself. */
  readonly sweepsSessionsOnly?: true
  readonly close: () => void | Promise<void>
}

const NOW = 1_800_000_000
const ISSUER = 'https://as.example'

/** A session as a login would make it. */
export function sampleSession(members: Partial<StoredSession> = {}): StoredSession {
  return {
    id: 'a digest',
    handle: 'a handle',
    frontend: 'bank',
    issuer: ISSUER,
    subject: 'alice',
    sid: 'sid 1',
    userAgent: 'a browser',
    createdAt: NOW,
    lastSeenAt: NOW,
    expiresAt: NOW + 600,
    endsAt: NOW + 3600,
    version: 0,
    sealed: 'sealed',
    ...members,
  }
}

/** What every store of sessions promises. To be called in a test file, once for each kind of store. */
export function sessionStoreContract(
  name: string,
  open: () => OpenedSessions | Promise<OpenedSessions>,
): void {
  const using = (title: string, body: (stores: OpenedSessions) => Promise<void>): void => {
    test(title, async () => {
      const stores = await open()
      try {
        await body(stores)
      } finally {
        await stores.close()
      }
    })
  }

  describe(`sessions in ${name}`, () => {
    using('gives back what was created, whole, to every process', async ({ one, other }) => {
      const { sid: _sid, userAgent: _userAgent, ...bare } = sampleSession({ id: 'bare' })
      await one.create(sampleSession())
      await one.create(bare)
      assert.deepEqual(await other.get('a digest'), sampleSession())
      assert.deepEqual(await other.get('bare'), bare)
      assert.equal(await other.get('another'), undefined)
    })

    using('BFF-08 replaces for one of two who read the same version', async ({ one, other }) => {
      await one.create(sampleSession())
      assert.equal(await one.replace('a digest', 0, 'winner'), true)
      assert.equal(await other.replace('a digest', 0, 'loser'), false)
      const session = await other.get('a digest')
      assert.equal(session?.sealed, 'winner')
      assert.equal(session.version, 1)
    })

    using('a use and a refresh do not undo each other', async ({ one, other }) => {
      await one.create(sampleSession())
      assert.equal(
        await other.touch('a digest', { lastSeenAt: NOW + 9, expiresAt: NOW + 609 }),
        true,
      )
      assert.equal(await one.replace('a digest', 0, 'newer'), true)
      const session = await one.get('a digest')
      assert.equal(session?.expiresAt, NOW + 609)
      assert.equal(session.lastSeenAt, NOW + 9)
      assert.equal(session.sealed, 'newer')
    })

    using('brings nothing back that was deleted', async ({ one, other }) => {
      await one.create(sampleSession())
      assert.equal(await other.delete('a digest'), true)
      assert.equal(await one.delete('a digest'), false)
      assert.equal(await one.replace('a digest', 0, 'again'), false)
      assert.equal(await one.touch('a digest', { lastSeenAt: NOW, expiresAt: NOW + 600 }), false)
      assert.equal(await one.get('a digest'), undefined)
    })

    using('LOG-09 finds the sessions of a sid and of a subject, of one issuer', async ({ one }) => {
      await one.create(sampleSession({ id: '1', createdAt: NOW }))
      await one.create(sampleSession({ id: '2', createdAt: NOW + 1, sid: 'sid 2' }))
      await one.create(sampleSession({ id: '3', subject: 'bob', sid: 'sid 3' }))
      await one.create(sampleSession({ id: '4', issuer: 'https://other.example' }))
      const ids = (found: readonly StoredSession[]): readonly string[] => found.map(({ id }) => id)
      assert.deepEqual(ids(await one.withSid(ISSUER, 'sid 1')), ['1'])
      assert.deepEqual(ids(await one.withSid(ISSUER, 'sid 9')), [])
      assert.deepEqual(ids(await one.ofSubject(ISSUER, 'alice')), ['2', '1'])
    })

    using('BFF-08 leases a session to one owner until it ends', async ({ one, other }) => {
      const lease = { id: 'a digest', owner: 'one', now: NOW, until: NOW + 10 }
      assert.equal(await one.lock(lease), true)
      assert.equal(await other.lock({ ...lease, owner: 'two' }), false)
      assert.equal(await one.lock(lease), false)
      assert.equal(await other.lock({ ...lease, id: 'another', owner: 'two' }), true)
      const later = { ...lease, owner: 'two', now: NOW + 10, until: NOW + 20 }
      assert.equal(await other.lock(later), true)
    })

    using('gives a lease back for its owner only', async ({ one, other }) => {
      const lease = { id: 'a digest', owner: 'one', now: NOW, until: NOW + 10 }
      assert.equal(await one.lock(lease), true)
      await other.unlock('a digest', 'two')
      assert.equal(await other.lock({ ...lease, owner: 'two' }), false)
      await one.unlock('a digest', 'one')
      assert.equal(await other.lock({ ...lease, owner: 'two' }), true)
    })

    using('BFF-11 hands a parcel to one taker, once', async ({ one, other }) => {
      await one.put('a login', 'sealed', NOW + 600)
      const taken = await Promise.all([
        one.take('a login', NOW),
        other.take('a login', NOW),
        one.take('a login', NOW),
      ])
      assert.deepEqual(
        taken.filter((each) => each !== undefined),
        ['sealed'],
      )
    })

    using('hands no parcel out after its end', async ({ one }) => {
      await one.put('a login', 'sealed', NOW + 600)
      assert.equal(await one.take('a login', NOW + 600), undefined)
      assert.equal(await one.take('a login', NOW), undefined)
    })

    using('LOG-08 tells the first from the rest, until the mark ends', async ({ one, other }) => {
      // A mark that ends at once only asks.
      assert.equal(await one.first('a jti', NOW, NOW), true)
      assert.equal(await one.first('a jti', NOW + 60, NOW), true)
      assert.equal(await one.first('a jti', NOW, NOW), false)
      assert.equal(await other.first('a jti', NOW + 60, NOW), false)
      assert.equal(await other.first('another jti', NOW + 60, NOW), true)
      assert.equal(await other.first('a jti', NOW + 160, NOW + 60), true)
    })

    using('counts the living and sweeps the dead, a few at a time', async (stores) => {
      const { one, sweepsSessionsOnly } = stores
      await one.create(sampleSession({ id: '1', expiresAt: NOW - 1 }))
      await one.create(sampleSession({ id: '2', expiresAt: NOW - KEPT_AFTER_END }))
      await one.create(sampleSession({ id: '3', expiresAt: NOW - KEPT_AFTER_END - 9 }))
      await one.create(sampleSession({ id: '4' }))
      await one.put('a login', 'sealed', NOW)
      await one.lock({ id: '4', owner: 'one', now: NOW - 20, until: NOW - 10 })
      await one.first('a jti', NOW, NOW - 60)
      assert.equal(await one.count(NOW), 1)
      assert.equal(await one.sweep(NOW, 1), sweepsSessionsOnly ? 1 : 4)
      assert.equal(await one.sweep(NOW, 10), 1)
      assert.equal(await one.sweep(NOW, 10), 0)
      assert.notEqual(await one.get('1'), undefined)
      assert.equal(await one.get('2'), undefined)
    })
  })
}
