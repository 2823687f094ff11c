import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { test } from 'node:test'
import { decodeJwt, verifySignature, type ExternalSigningKey } from '@signet/protocol'
import { publishStatusLists } from '../describe/status-list.ts'
import { digestOf } from '../digest.ts'
import { endSessionAt } from '../flow/session-end.ts'
import type { LogoutNotice } from '../ports.ts'
import { APP, createStage, sampleSession, type Stage } from '../testing/index.ts'
import { signingKeyOf } from '../testing/service-keys.ts'
import { introspect } from './introspect.ts'
import { asking, granted } from './testing/granted.ts'
import { userinfo } from './userinfo.ts'

interface Elsewhere extends Stage {
  readonly notices: readonly LogoutNotice[]
  /** How many signatures were asked for. */
  readonly signed: () => number
}

/** A service that has none of its keys: its signatures are made elsewhere, and come later. */
function createElsewhere(): Elsewhere {
  const stage = createStage({ signingAlgorithms: ['ES256'] })
  const { keys } = stage.ports
  const { privateKey, ...rest } = signingKeyOf('ES256', keys)
  const notices: LogoutNotice[] = []
  let signatures = 0
  const signer: ExternalSigningKey = {
    ...rest,
    sign: async (input) => {
      signatures += 1
      await setImmediate()
      return sign('sha256', input, { key: privateKey, dsaEncoding: 'ieee-p1363' })
    },
  }
  const ports = {
    ...stage.ports,
    keys: { ...keys, signer: () => signer },
    logoutNotices: { send: (notice: LogoutNotice) => void notices.push(notice) },
  }
  return { ...stage, ports, notices, signed: () => signatures }
}

function assertSigned(jwt: string, { ports }: Stage): void {
  const decoded = decodeJwt(jwt)
  assert.ok(ports.keys.published.some((key) => verifySignature(decoded, key)))
}

const METADATA = {
  ...APP,
  userinfo_signed_response_alg: 'ES256',
  backchannel_logout_uri: 'https://app.example/logout',
}

test('access tokens and ID tokens can be signed elsewhere, and are good at once', async () => {
  const stage = createElsewhere()
  const app = stage.enrol(METADATA)
  const { access_token, id_token = '' } = await granted({ ...stage, app })
  assertSigned(access_token, stage)
  assertSigned(id_token, stage)
  assert.equal(stage.signed(), 2)

  const { body } = await userinfo(asking({ ...stage, app }, access_token), stage.ports)
  assertSigned('jwt' in body ? body.jwt : '', stage)
  const request = app.request({ token: access_token })
  const accept = 'application/token-introspection+jwt'
  const told = await introspect({ ...request, accept }, stage.ports)
  assertSigned('jwt' in told.body ? told.body.jwt : '', stage)
  assert.equal(stage.signed(), 4)
})

test('status lists and logout tokens can be signed elsewhere', async () => {
  const stage = createElsewhere()
  stage.enrol(METADATA)
  await stage.ports.store.statusLists.keep(0, stage.clock.now() + 60)
  const list = await publishStatusLists(stage.ports)(0)
  assertSigned(list ?? '', stage)

  const digest = digestOf('a session')
  const expiresAt = stage.clock.now() + 60
  await stage.ports.store.sessions.put(sampleSession({ digest, clients: ['app'], expiresAt }))
  await endSessionAt(digest, stage.ports)
  assert.deepEqual(
    stage.notices.map(({ clientId }) => clientId),
    ['app'],
  )
  assertSigned(stage.notices[0]?.logoutToken ?? '', stage)
})

test('while the signer is away nothing is issued', async () => {
  const stage = createElsewhere()
  const app = stage.enrol(METADATA)
  const { keys } = stage.ports
  const { privateKey: _here, ...rest } = signingKeyOf('ES256', createStage().ports.keys)
  const signer = { ...rest, sign: () => Promise.reject(new Error('away')) }
  const ports = { ...stage.ports, keys: { ...keys, signer: () => signer } }
  await assert.rejects(granted({ ...stage, app, ports }), /away/)
})
