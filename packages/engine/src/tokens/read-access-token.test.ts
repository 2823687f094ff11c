import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAccessToken, generateSigningKey, verificationKeyOf } from '@signet/protocol'
import type { Keys } from '../ports.ts'
import { createStage, ISSUER, type Stage } from '../testing/index.ts'
import { readAccessToken } from './read-access-token.ts'
import { granted, refuses } from './testing/granted.ts'

const key = generateSigningKey('ES256')

/** The keys of a service, which counts how often they are asked for. */
function watchedKeys({ ports }: Stage): { keys: Keys; asked: () => number; rotate: () => void } {
  let asked = 0
  let published = [verificationKeyOf(key)]
  let jwks = 'before'
  const keys: Keys = {
    ...ports.keys,
    get published() {
      asked += 1
      return published
    },
    get jwks() {
      return jwks
    },
  }
  const rotate = (): void => {
    published = []
    jwks = 'after'
  }
  return { keys, asked: () => asked, rotate }
}

function tokenOf(stage: Stage, jti: string): string {
  const iat = stage.clock.now()
  return createAccessToken(
    {
      iss: ISSUER,
      sub: 'alice',
      aud: 'https://api.example',
      client_id: 'app',
      iat,
      exp: iat + 300,
      jti,
      cnf: { jkt: 'thumbprint' },
    },
    key,
  )
}

test('a signature is verified once, and the token still ends in time', async () => {
  const stage = createStage()
  const { keys, asked } = watchedKeys(stage)
  const ports = { ...stage.ports, keys }
  const token = tokenOf(stage, 'one')
  for (let time = 0; time < 3; time += 1) {
    assert.equal((await readAccessToken(token, ports)).jti, 'one')
  }
  assert.equal(asked(), 1)
  stage.clock.advance(300)
  await refuses(readAccessToken(token, ports), 'invalid_token', 'SP-RS-03')
})

test('a token is believed no longer than the key that signed it', async () => {
  const stage = createStage()
  const { keys, rotate } = watchedKeys(stage)
  const ports = { ...stage.ports, keys }
  const token = tokenOf(stage, 'one')
  await readAccessToken(token, ports)
  rotate()
  await refuses(readAccessToken(token, ports), 'invalid_token', 'JAT-05')
})

test('what one service remembers another does not believe', async () => {
  const here = createStage()
  const there = createStage({ issuer: 'https://other.example' })
  const { access_token } = await granted(there)
  await readAccessToken(access_token, there.ports)
  await refuses(readAccessToken(access_token, here.ports), 'invalid_token', 'JWT-07')
})

test('a flood of tokens does not grow the memory without end, and the busy one stays in it', async () => {
  const stage = createStage()
  const { keys, asked } = watchedKeys(stage)
  const ports = { ...stage.ports, keys }
  const first = tokenOf(stage, 'first')
  const busy = tokenOf(stage, 'busy')
  await readAccessToken(first, ports)
  await readAccessToken(busy, ports)
  for (let index = 0; index < 4_100; index += 1) {
    await readAccessToken(tokenOf(stage, `flood ${index}`), ports)
    if (index % 1_000 === 0) await readAccessToken(busy, ports)
  }
  const before = asked()
  await readAccessToken(busy, ports)
  assert.equal(asked(), before, 'the busy one was forgotten')
  await readAccessToken(first, ports)
  assert.equal(asked(), before + 1, 'the first one was never forgotten')
})

test('a token issued here need not be verified here', async () => {
  const stage = createStage()
  const { access_token } = await granted(stage)
  const never = (): never => assert.fail('verified')
  const { keys } = stage.ports
  const spied = Object.defineProperty(keys, 'published', { get: never })
  const claims = await readAccessToken(access_token, { ...stage.ports, keys: spied })
  assert.equal(claims.client_id, 'app')
})
