import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOf } from '../digest.ts'
import { sessionOf } from './session.ts'
import { createScene, sessionIn } from './testing/scene.ts'

test('a session ends on time, whether the store has swept it or not', async () => {
  const { ports, store, ...scene } = createScene()
  const secret = await sessionIn({ ports, store, ...scene })
  const kept = await store.sessions.get(digestOf(secret))
  const unswept = { ...store, sessions: { ...store.sessions, get: async () => kept } }
  const at = async (seconds: number): Promise<string | undefined> => {
    scene.clock.advance(seconds)
    const cookies = { browser: undefined, session: secret }
    return (await sessionOf(cookies, { ...ports, store: unswept }))?.subject
  }
  assert.equal(await at(28_799), 'alice')
  assert.equal(await at(1), undefined)
  assert.equal(await at(1), undefined)
})

test('a browser without the cookie has no session, and the store is not asked', async () => {
  const { ports, calls } = createScene()
  assert.equal(await sessionOf({ browser: 'b', session: undefined }, ports), undefined)
  assert.deepEqual(calls, [])
})
