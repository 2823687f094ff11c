import { StoreUnavailable } from '@signet/engine'
import { fixedClock } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { RedisRefused, type RedisTls } from './address.ts'
import { openRedis, type RedisDatabase } from './open-redis.ts'
import { makeCertificate } from './testing/certificate.ts'
import { startCluster } from './testing/cluster.ts'
import { everyVerb } from './testing/every-verb.ts'
import { freePort, startRedis, type RedisServer } from './testing/server.ts'

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
  makeCertificate({ certificateFile, keyFile, name: 'DNS:localhost' })
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

test('a cluster is spoken to over TLS on every node, and none whose certificate nobody vouches for', async (t) => {
  const [certificateFile, keyFile] = [
    join(server.directory, 'node.pem'),
    join(server.directory, 'node-key.pem'),
  ]
  makeCertificate({ certificateFile, keyFile, name: 'IP:127.0.0.1' })
  const cluster = await startCluster({ certificateFile, keyFile })
  t.after(() => cluster.stop())
  await assert.rejects(open({ ca }, cluster.url), /certificate/)
  const redis = await open({ ca: readFileSync(certificateFile, 'utf8') }, cluster.url)
  t.after(() => redis.close())
  for (let count = 0; count < 12; count += 1) {
    const verbs = everyVerb(redis.ephemeral(`https://as.example/${count}`))
    for (const verb of Object.values(verbs)) await verb()
  }
  for (const node of cluster.nodes) assert.ok(Number(await node.command('DBSIZE')) > 0)
})
