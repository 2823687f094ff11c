import { StoreUnavailable, type Store } from '@signet/engine'
import {
  fixedClock,
  sampleCode,
  sampleDigest,
  sampleGrant,
  sampleUser,
} from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openFile } from './open-sqlite.ts'
import { storeOf, type OpenFile } from './store-of.ts'
import { temporaryFile } from './testing/temporary-file.ts'

/** The disk is full, as far as this file is concerned. */
function fillDisk({ connection }: OpenFile): void {
  connection.database.exec('PRAGMA max_page_count = 1')
}

function freeDisk({ connection }: OpenFile): void {
  connection.database.exec('PRAGMA max_page_count = 1000000')
}

async function withFile(play: (file: OpenFile, store: Store) => Promise<void>): Promise<void> {
  const file = openFile(temporaryFile(), fixedClock())
  file.connection.database.exec("INSERT INTO services (issuer) VALUES ('https://as.example')")
  try {
    await play(file, storeOf(file, 1))
  } finally {
    file.connection.close()
  }
}

const large = sampleGrant({
  id: 'large',
  authorization: { ...sampleGrant().authorization, acr: 'x'.repeat(100_000) },
})

test('a disk that is full refuses the verb, and loses whole turns, never half of one', async () => {
  await withFile(async (file, store) => {
    await store.codes.put(sampleCode())
    await store.settled()

    assert.equal(await store.codes.redeem(sampleCode().digest), true)
    const settled = store.settled()
    settled.catch(() => undefined)
    fillDisk(file)
    await assert.rejects(store.grants.put(large), StoreUnavailable)
    await assert.rejects(settled, StoreUnavailable)
    await assert.rejects(store.settled(), StoreUnavailable)

    freeDisk(file)
    assert.equal(await store.codes.redeem(sampleCode().digest), true, 'the redemption was lost too')
  })
})

test('PKJ-06 DPOP-PRF-15 marks that were lost are free again, marks that were kept are not', async () => {
  await withFile(async (file, store) => {
    const kept = [{ digest: sampleDigest('kept'), until: 1_900_000_000 }]
    const lost = [{ digest: sampleDigest('lost'), until: 1_900_000_000 }]
    await store.replay.first(kept)
    await store.settled()

    await store.replay.first(lost)
    fillDisk(file)
    await assert.rejects(store.grants.put(large), StoreUnavailable)
    freeDisk(file)
    assert.equal(await store.replay.first(lost), undefined)
    assert.deepEqual(await store.replay.first(kept), kept[0])
  })
})

test('PKJ-06 DPOP-PRF-15 a mark the log cannot keep fails the step that made it', async () => {
  await withFile(async (file, store) => {
    fillDisk(file)
    const digest = 'x'.repeat(100_000)
    assert.equal(await store.replay.first([{ digest, until: 1_900_000_000 }]), undefined)
    await assert.rejects(store.settled(), StoreUnavailable)
    freeDisk(file)
    assert.equal(await store.replay.first([{ digest, until: 1_900_000_000 }]), undefined)
  })
})

test('a mistake of one step does not lose what others write in the same turn', async () => {
  await withFile(async (_, store) => {
    await store.users.put(sampleUser())
    await assert.rejects(store.users.put(sampleUser({ subject: 'impostor' })))
    await store.codes.put(sampleCode())
    await store.settled()
    assert.deepEqual(await store.codes.peek(sampleCode().digest), sampleCode())
  })
})

test('a store that is closed says so, and refuses nobody on the ground of what it does not know', async () => {
  await withFile(async (file, store) => {
    const settled = store.codes.put(sampleCode()).then(() => store.settled())
    await Promise.resolve()
    file.connection.close()
    await settled
    await assert.rejects(store.codes.peek(sampleCode().digest), StoreUnavailable)
    await assert.rejects(store.codes.redeem(sampleCode().digest), StoreUnavailable)
    await assert.rejects(
      store.replay.first([{ digest: 'one', until: 1_900_000_000 }]),
      StoreUnavailable,
    )
  })
})
