import assert from 'node:assert/strict'
import { test } from 'node:test'
import { variables, withEnvironment } from './environment.ts'
import { createFolder, CREDENTIAL, LEAST } from './testing/folder.ts'

const { load, problems, write, path } = createFolder()

test('every single value of the file has a variable, and no list has', () => {
  const names = variables().map(({ name }) => name)
  for (const name of [
    'SIGNET_ISSUER',
    'SIGNET_LISTEN_PORT',
    'SIGNET_LISTEN_TLS_KEY',
    'SIGNET_LIFETIMES_ACCESS_TOKEN',
    'SIGNET_DPOP_NONCE',
    'SIGNET_STORE_SQLITE',
    'SIGNET_MANAGEMENT_PORT',
    'SIGNET_DRAIN',
  ]) {
    assert.ok(names.includes(name), name)
  }
  assert.ok(!names.some((name) => /CLIENTS|USERS|SERVICES|RESOURCES|SCHEMA/.test(name)))
  assert.equal(new Set(names).size, names.length)
})

test('the environment lies over the file, and fills what the file has not', () => {
  const config = load(LEAST, {
    SIGNET_ISSUER: 'https://env.example',
    SIGNET_LISTEN_PORT: '1234',
    SIGNET_MANAGEMENT_PORT: '9400',
    SIGNET_LIFETIMES_CODE: '30',
    SIGNET_DPOP_NONCE: 'required',
    HOME: '/root',
    signet_listen_port: 'not ours',
  })
  assert.equal(config.listen.port, 1234)
  assert.deepEqual(config.management, { host: '127.0.0.1', port: 9400 })
  const service = config.services[0]?.service
  assert.equal(service?.issuer, 'https://env.example')
  assert.equal(service.lifetimes.code, 30)
  assert.equal(service.dpop.nonce, 'required')
})

test('the environment alone is enough', () => {
  const config = load('', {
    SIGNET_ISSUER: 'https://env.example',
    SIGNET_LISTEN_PORT: '1',
    SIGNET_STORE_SQLITE: '/data/signet.db',
  })
  assert.deepEqual(config.store, { sqlite: '/data/signet.db' })
})

test('a variable ending in _FILE names a file with the value', () => {
  const file = write('issuer.txt', 'https://from-file.example\n')
  const config = load(LEAST, { SIGNET_ISSUER_FILE: file })
  assert.equal(config.services[0]?.service.issuer, 'https://from-file.example')
})

test('the TLS key may come by SIGNET_LISTEN_TLS_KEY_FILE, and is never told', () => {
  const environment = {
    SIGNET_LISTEN_TLS_KEY_FILE: `${path}/server-key.pem`,
    SIGNET_LISTEN_TLS_CERTIFICATE: 'server.pem',
  }
  assert.equal(load(LEAST, environment).listen.tls?.key.trim(), CREDENTIAL.key.trim())
  write('broken-key.pem', CREDENTIAL.key.slice(0, 120))
  const broken = { ...environment, SIGNET_LISTEN_TLS_KEY_FILE: `${path}/broken-key.pem` }
  assert.deepEqual(problems(LEAST, broken), [
    'listen.tls.key: holds no PEM private key without passphrase',
  ])
})

test('an unknown variable is a problem, with a suggestion', () => {
  assert.deepEqual(problems(LEAST, { SIGNET_LISTEN_PROT: '1', SIGNET_XYZZY: '1' }), [
    'SIGNET_LISTEN_PROT: unknown variable; did you mean SIGNET_LISTEN_PORT?',
    'SIGNET_XYZZY: unknown variable',
  ])
  assert.match(problems(LEAST, { SIGNET_ISUER_FILE: '/x' })[0] ?? '', /^SIGNET_ISUER_FILE: unknown/)
})

test('a variable and its _FILE together are a problem, and so is a file that is not there', () => {
  const both = { SIGNET_ISSUER: 'https://a.example', SIGNET_ISSUER_FILE: '/x' }
  assert.deepEqual(problems(LEAST, both), [
    'SIGNET_ISSUER_FILE: SIGNET_ISSUER is set too; set one of them',
  ])
  const none = problems(LEAST, { SIGNET_ISSUER_FILE: `${path}/none` })
  assert.ok(none.includes('SIGNET_ISSUER_FILE: the file it names cannot be read (ENOENT)'))
})

test('a secret that stands where its file is to be named is not told', () => {
  const secret = 's3cret-'.repeat(6)
  for (const name of ['SIGNET_MASTER_KEY_FILE', 'SIGNET_LISTEN_TLS_KEY_FILE']) {
    const found = problems(LEAST, { [name]: secret })
    assert.match(found[0] ?? '', new RegExp(`^${name}: `))
    assert.ok(!found.join().includes('s3cret'), found.join())
  }
})

test('a value of the wrong type is a problem of its setting', () => {
  for (const value of ['', 'https', '1e3', '0x10', '1.5', ' 1']) {
    const found = problems(LEAST, { SIGNET_LISTEN_PORT: value })
    assert.match(found[0] ?? '', /^listen\.port: /, value)
  }
  assert.match(problems(LEAST, { SIGNET_LISTEN_PORT: '65536' })[0] ?? '', /^listen\.port: /)
})

test('the variables of the command line and of a BFF are left to them', () => {
  const others = { SIGNET_CONFIG: 'elsewhere.yaml', SIGNET_BFF_LISTEN_PORT: 'x' }
  assert.deepEqual(problems(LEAST, others), [])
})

test('the file itself is not altered', () => {
  const file = { listen: { port: 1 } }
  withEnvironment(file, { SIGNET_LISTEN_PORT: '2' })
  assert.deepEqual(file, { listen: { port: 1 } })
})
