import { StoreUnavailable } from '@signet/engine'
import { fixedClock } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { RedisRefused, type RedisTls } from './address.ts'
import { openRedis, type RedisDatabase } from './open-redis.ts'
import { everyVerb } from './testing/every-verb.ts'
import { freePort, startRedis, type RedisServer } from './testing/server.ts'

/** Of Debian's package of the same name. */
const OPENSSL = 'openssl'

let server: RedisServer
let url: string
let ca: string
let key: string

before(async () => {
  server = await startRedis()
  const [certificateFile, keyFile] = [
    join(server.directory, 'c.pem'),
    join(server.directory, 'k.pem'),
  ]
  makeCertificate(certificateFile, keyFile)
  ca = readFileSync(certificateFile, 'utf8')
  key = readFileSync(keyFile, 'utf8')
  const port = await freePort()
  url = `rediss://localhost:${port}`
  await server.kill()
  await server.start({
    'tls-port': `${port}`,
    'tls-cert-file': certificateFile,
    'tls-key-file': keyFile,
    'tls-ca-cert-file': certificateFile,
    'tls-auth-clients': 'optional',
  })
})
after(() => server.stop())

/** One that is its own authority. */
function makeCertificate(certificateFile: string, keyFile: string): void {
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2']
  execFileSync(
    OPENSSL,
    [...words, '-nodes', '-keyout', keyFile, '-out', certificateFile, ...name],
    { stdio: 'ignore' },
  )
}

function open(tls?: RedisTls, address: string = url): Promise<RedisDatabase> {
  return openRedis({ url: address, tls, clock: fixedClock(), settling: 0.01 })
}

test('every verb works over TLS, with a certificate of the client if one is asked for', async () => {
  await server.command('CONFIG', 'SET', 'tls-auth-clients', 'yes')
  await assert.rejects(open({ ca }), StoreUnavailable)
  const redis = await open({ ca, cert: ca, key })
  for (const verb of Object.values(everyVerb(redis.ephemeral('https://as.example')))) await verb()
  redis.close()
  await server.command('CONFIG', 'SET', 'tls-auth-clients', 'no')
})

test('a server whose certificate nobody vouches for is not spoken to, nor one of another name', async () => {
  await assert.rejects(open(), /certificate/)
  await assert.rejects(open({ ca }, url.replace('localhost', '127.0.0.1')), /altnames/)
  const redis = await open({ ca, servername: 'localhost' }, url.replace('localhost', '127.0.0.1'))
  redis.close()
})

test('settings of TLS do not go with an address without it', async () => {
  await assert.rejects(open({ ca }, server.url), RedisRefused)
})
