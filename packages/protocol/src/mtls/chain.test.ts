import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { chainProblem, readAuthorities } from './chain.ts'
import {
  authority,
  CLIENT_AUTH,
  ec,
  ED25519,
  extension,
  issue,
  named,
  noAuthority,
  NOW,
  purposes,
  rsa,
  SERVER_AUTH,
  usage,
  type Issued,
  type Wish,
} from './testing/certificates.ts'
import { UnusableCertificate } from './unusable-certificate.ts'

const DAY = 86_400

const CA = [authority(), usage('keyCertSign', 'cRLSign')]
const createAuthority = (wish: Wish = {}): Promise<Issued> =>
  issue({ subject: 'CN=Authority', extensions: CA, notAfter: NOW + 10 * DAY, ...wish })

const root = await createAuthority()
const middle = await createAuthority({ subject: 'CN=Middle', issuer: root })
const leaf = await issue({ issuer: root })
const deep = await issue({ issuer: middle })

interface Case {
  readonly trusted?: readonly Issued[]
  readonly now?: number
}

const problemOf = (
  chain: readonly Issued[],
  { trusted = [root], now = NOW }: Case = {},
): string | undefined =>
  chainProblem(
    chain.map(({ der }) => der),
    readAuthorities(trusted.map(({ pem }) => pem)),
    now,
  )

const trusts = (chain: readonly Issued[], more?: Case): void => {
  assert.equal(problemOf(chain, more), undefined)
}
const distrusts = (chain: readonly Issued[], reason: RegExp, more?: Case): void => {
  assert.match(problemOf(chain, more) ?? 'trusted', reason)
}

test('MTLS-02 trusts what a configured authority issued, directly or by others that come along', async () => {
  trusts([leaf])
  trusts([leaf, root])
  trusts([deep, middle])
  trusts([deep, middle, root])
  trusts([deep, root, middle])
  trusts([deep, leaf, middle])
  const low = await createAuthority({ subject: 'CN=Low', issuer: middle })
  trusts([await issue({ issuer: low }), low, middle])
})

test('MTLS-02 an authority may be one that another has issued', () => {
  trusts([deep], { trusted: [middle] })
  trusts([deep, middle, root], { trusted: [middle] })
  distrusts([leaf], /no authority/, { trusted: [middle] })
})

test('MTLS-02 trusts chains of every kind of key and signature that is sound', async () => {
  for (const algorithm of [
    rsa(),
    rsa(3072, 'SHA-512'),
    rsa(2048, 'SHA-256', 'RSA-PSS'),
    rsa(2048, 'SHA-512', 'RSA-PSS'),
    ec('P-384', 'SHA-384'),
    ec('P-521', 'SHA-512'),
    ED25519,
  ]) {
    const issuer = await createAuthority({ algorithm })
    trusts([await issue({ issuer, algorithm })], { trusted: [issuer] })
  }
})

test('MTLS-02 a certificate that is trusted itself needs nobody to vouch for it', async () => {
  const own = await issue({ extensions: [authority()] })
  trusts([own], { trusted: [root, own] })
  distrusts([own], /no authority/)
})

test('MTLS-02 distrusts another authority, even of the same name', async () => {
  const stranger = await createAuthority({ subject: 'CN=Stranger' })
  distrusts([await issue({ issuer: stranger })], /no authority .*CN=Stranger/)
  distrusts([await issue({ issuer: stranger }), stranger], /no authority/)
  const impostor = await createAuthority()
  distrusts([await issue({ issuer: impostor })], /did not sign/)
  distrusts([await issue({ issuer: impostor }), impostor], /did not sign|no authority/)
  const rsaImpostor = await createAuthority({ algorithm: rsa() })
  distrusts([await issue({ issuer: rsaImpostor })], /no authority/)
  distrusts([leaf], /no authority/, { trusted: [] })
})

test('MTLS-02 distrusts an altered certificate', () => {
  for (const [part, other] of [
    ['bank', 'bonk'],
    ['Bank', 'Bonk'],
  ] as const) {
    const der = Buffer.from(leaf.der)
    der.write(other, der.lastIndexOf(part), 'latin1')
    distrusts([{ ...leaf, der }], /did not sign/)
  }
  const der = Buffer.from(leaf.der)
  der[der.length - 1] = (der.at(-1) ?? 0) ^ 1
  distrusts([{ ...leaf, der }], /did not sign/)
})

test('MTLS-02 distrusts a certificate that vouches for itself, or for those who vouch for it', async () => {
  const own = await issue()
  distrusts([own], /no authority/)
  distrusts([own, own, own], /is no authority/)
  distrusts([await issue({ subject: 'CN=Self', extensions: [authority()] })], /no authority/)
  const one = await createAuthority({ subject: 'CN=One' })
  const other = await createAuthority({ subject: 'CN=Other', issuer: one })
  const oneByOther = await createAuthority({ subject: 'CN=One', issuer: other, keys: one.keys })
  distrusts([await issue({ issuer: one }), oneByOther, other, oneByOther, other], /no authority/)
})

test('MTLS-02 distrusts a chain with a gap, and one that is missing', () => {
  distrusts([deep], /no authority .*CN=Middle/)
  distrusts([deep, root], /no authority .*CN=Middle/)
  distrusts([], /no certificate/)
})

test('MTLS-12 looks at five certificates at most', async () => {
  const path = [root]
  for (const subject of ['CN=1', 'CN=2', 'CN=3', 'CN=4']) {
    path.unshift(await createAuthority({ subject, issuer: path[0] ?? root }))
  }
  const [lowest = root, second = root, ...rest] = path.slice(0, -1)
  trusts([await issue({ issuer: second }), second, ...rest])
  trusts([await issue({ issuer: lowest }), lowest, second, ...rest])
  distrusts([await issue({ issuer: lowest }), lowest, second, ...rest, root], /6 certificates, 5/)
  distrusts(
    Array.from({ length: 1000 }, () => leaf),
    /1000 certificates, 5/,
  )
})

test('MTLS-02 a certificate counts from notBefore to notAfter, to the second', async () => {
  const brief = await issue({ issuer: root, notBefore: NOW, notAfter: NOW + 10 })
  trusts([brief], { now: NOW })
  trusts([brief], { now: NOW + 10 })
  distrusts([brief], /not valid yet: .*\+1 s/, { now: NOW - 1 })
  distrusts([brief], /has expired: .*-1 s/, { now: NOW + 11 })
})

test('MTLS-02 an authority that has expired, or is not valid yet, vouches for nobody', async () => {
  const old = await createAuthority({ notAfter: NOW - 1 })
  distrusts([await issue({ issuer: old })], /CN=Authority" has expired/, { trusted: [old] })
  const young = await createAuthority({ notBefore: NOW + 1 })
  distrusts([await issue({ issuer: young })], /not valid yet/, { trusted: [young] })
  const between = await createAuthority({ subject: 'CN=Old', issuer: root, notAfter: NOW - 1 })
  distrusts([await issue({ issuer: between }), between], /CN=Old" has expired/)
})

test('MTLS-02 an authority that was renewed with the same key vouches beside its old self', async () => {
  const old = await createAuthority({ notAfter: NOW - 1 })
  const renewed = await createAuthority({ keys: old.keys })
  const issued = await issue({ issuer: old })
  trusts([issued], { trusted: [old, renewed] })
  trusts([issued], { trusted: [renewed, old] })
})

test('MTLS-02 an authority that two others have issued leads to the trusted one, in whatever order they come', async () => {
  const before = await createAuthority({ subject: 'CN=Before' })
  const crossed = await createAuthority({ subject: 'CN=Middle', issuer: before, keys: middle.keys })
  trusts([deep, crossed, middle])
  trusts([deep, middle, crossed])
  trusts([deep, crossed, before, middle])
  distrusts([deep, crossed, before], /no authority .*CN=Before/)
})

test('MTLS-02 a way that is too long does not hide a short one', async () => {
  const strict = await createAuthority({ extensions: [authority(2)] })
  const upper = await createAuthority({ subject: 'CN=Upper', issuer: strict })
  const between = await createAuthority({ subject: 'CN=Between', issuer: upper })
  const low = await createAuthority({ subject: 'CN=Low', issuer: upper })
  const crossed = await createAuthority({ subject: 'CN=Low', issuer: between, keys: low.keys })
  const client = await issue({ issuer: low })
  const trusted = [strict]
  distrusts([client, crossed, between, upper], /permits 2 authorities below it/, { trusted })
  trusts([client, crossed, between, low, upper], { trusted })
  trusts([client, upper, low, between, crossed], { trusted })
})

test('MTLS-12 authorities that all vouch for each other are looked at once each', async (t) => {
  const ring = [await createAuthority({ subject: 'CN=Ring' })]
  for (const [first] of [ring, ring, ring]) {
    const wish = { subject: 'CN=Ring', ...(first && { issuer: first, keys: first.keys }) }
    ring.push(await createAuthority(wish))
  }
  const client = await issue({ issuer: ring[0] ?? root })
  const verifications = t.mock.method(X509Certificate.prototype, 'verify')
  distrusts([client, ...ring], /no authority .*CN=Ring/)
  assert.equal(verifications.mock.callCount(), ring.length)
})

test('MTLS-02 who is no authority vouches for nobody', async () => {
  for (const extensions of [[], [noAuthority()], [usage('digitalSignature')]]) {
    const client = await issue({ subject: 'CN=client', issuer: root, extensions })
    const forged = await issue({ issuer: client })
    distrusts([forged, client], /CN=client" is no authority|no authority is known/)
  }
  const noSigner = await createAuthority({
    subject: 'CN=no signer',
    issuer: root,
    extensions: [authority(), usage('digitalSignature', 'cRLSign')],
  })
  distrusts([await issue({ issuer: noSigner }), noSigner], /no authority/)
})

test('MTLS-02 who is no authority cannot be configured as one', async () => {
  const client = await issue()
  assert.throws(() => readAuthorities([client.pem]), UnusableCertificate)
  assert.throws(() => readAuthorities([root.pem, client.pem]), /CN=bank.*no authority/)
})

test('MTLS-02 no path is longer than its authorities permit', async () => {
  const strict = await createAuthority({ subject: 'CN=Strict', extensions: [authority(0)] })
  const below = await createAuthority({ subject: 'CN=Below', issuer: strict })
  trusts([await issue({ issuer: strict })], { trusted: [strict] })
  distrusts([await issue({ issuer: below }), below], /CN=Strict" permits 0/, { trusted: [strict] })

  const one = await createAuthority({ subject: 'CN=One', issuer: root, extensions: [authority(1)] })
  const two = await createAuthority({ subject: 'CN=Two', issuer: one })
  const three = await createAuthority({ subject: 'CN=Three', issuer: two })
  trusts([await issue({ issuer: two }), two, one])
  distrusts([await issue({ issuer: three }), three, two, one], /CN=One" permits 1 .* has 2/)
})

test('MTLS-02 a certificate that may not sign, or is not for clients, authenticates nobody', async () => {
  const withExtensions = (...extensions: Wish['extensions'] & {}): Promise<Issued> =>
    issue({ issuer: root, extensions })
  distrusts([await withExtensions(usage('keyEncipherment'))], /digitalSignature/)
  distrusts([await withExtensions(purposes(SERVER_AUTH))], /clientAuth/)
  trusts([await withExtensions(usage('digitalSignature', 'keyEncipherment'))])
  trusts([await withExtensions(purposes(SERVER_AUTH, CLIENT_AUTH))])
  trusts([await withExtensions(purposes('2.5.29.37.0'))])
  trusts([await withExtensions(named({ type: 'dns', value: 'bank.example' }), noAuthority())])
})

test('MTLS-02 an authority for servers only vouches for no client', async () => {
  const servers = await createAuthority({
    subject: 'CN=Servers',
    issuer: root,
    extensions: [...CA, purposes(SERVER_AUTH)],
  })
  distrusts([await issue({ issuer: servers }), servers], /CN=Servers" .*clientAuth/)
  const clients = await createAuthority({
    subject: 'CN=Clients',
    issuer: root,
    extensions: [...CA, purposes(CLIENT_AUTH)],
  })
  trusts([await issue({ issuer: clients }), clients])
})

test('MTLS-02 what limits a certificate and is not followed here refuses it, wherever it stands', async () => {
  const unknown = extension('1.2.3.4', true)
  const nameConstraints = extension('2.5.29.30', false)
  const policyConstraints = extension('2.5.29.36', true)
  for (const limit of [unknown, nameConstraints, policyConstraints]) {
    distrusts([await issue({ issuer: root, extensions: [limit] })], /not followed: [12]\./)
    const between = await createAuthority({
      subject: 'CN=Limited',
      issuer: root,
      extensions: [...CA, limit],
    })
    distrusts([await issue({ issuer: between }), between], /CN=Limited" .*not followed/)
    const top = await createAuthority({ extensions: [...CA, limit] })
    distrusts([await issue({ issuer: top })], /not followed/, { trusted: [top] })
  }
  trusts([await issue({ issuer: root, extensions: [extension('1.2.3.4', false)] })])
})

test('MTLS-02 weak signatures are none', async () => {
  const weakly = async (algorithm: Wish['algorithm'] & {}, signing: Wish['signing'] & {}) => {
    const issuer = await createAuthority({ algorithm })
    distrusts([await issue({ issuer, signing })], /weak algorithm/, { trusted: [issuer] })
  }
  await weakly(rsa(2048, 'SHA-1'), rsa(2048, 'SHA-1'))
  await weakly(ec(), ec('P-256', 'SHA-1'))
  await weakly(rsa(2048, 'SHA-1', 'RSA-PSS'), rsa(2048, 'SHA-1', 'RSA-PSS'))
})

test('MTLS-02 how an authority signed itself does not matter', async () => {
  const issuer = await createAuthority({ signing: ec('P-256', 'SHA-1') })
  trusts([await issue({ issuer })], { trusted: [issuer] })
})

test('MTLS-02 weak and unknown keys are none, wherever they stand', async () => {
  const weak = rsa(1024)
  distrusts([await issue({ issuer: root, algorithm: weak })], /CN=bank.* weak or unknown key/)
  const issuer = await createAuthority({ subject: 'CN=Weak', issuer: root, algorithm: weak })
  distrusts([await issue({ issuer }), issuer], /CN=Weak" has a weak or unknown key/)
  distrusts([await issue({ issuer })], /weak or unknown key/, { trusted: [issuer] })
})

test('MTLS-12 a chain with something unreadable in it is distrusted', () => {
  const garbage = { ...middle, der: middle.der.subarray(1) }
  distrusts([deep, garbage, middle], /not a certificate/)
  distrusts([{ ...leaf, der: new Uint8Array(20_000) }], /larger/)
})

test('MTLS-02 what was trusted once is trusted as long as every certificate of the path is valid', async () => {
  const brief = await createAuthority({ subject: 'CN=Brief', issuer: root, notAfter: NOW + 10 })
  const chain = [await issue({ issuer: brief, notBefore: NOW - 5 }), brief].map(({ der }) => der)
  const authorities = readAuthorities([root.pem])
  assert.equal(chainProblem(chain, authorities, NOW), undefined)
  assert.equal(authorities.proven.size, 1)
  assert.equal(chainProblem(chain, authorities, NOW + 10), undefined)
  assert.match(chainProblem(chain, authorities, NOW + 11) ?? '', /CN=Brief" has expired/)
  assert.match(chainProblem(chain, authorities, NOW - 6) ?? '', /not valid yet/)
  assert.equal(chainProblem(chain, authorities, NOW), undefined)
})

test('MTLS-02 what was trusted once was not trusted before its authority was', async () => {
  const young = await createAuthority({ subject: 'CN=Young', issuer: root, notBefore: NOW })
  const chain = [await issue({ issuer: young }), young].map(({ der }) => der)
  const authorities = readAuthorities([root.pem])
  assert.equal(chainProblem(chain, authorities, NOW), undefined)
  assert.match(chainProblem(chain, authorities, NOW - 1) ?? '', /CN=Young" is not valid yet/)
})

test('MTLS-02 what one set of authorities trusts, another need not, nor the same certificate without its chain', () => {
  const chain = [deep.der, middle.der]
  const authorities = readAuthorities([root.pem])
  assert.equal(chainProblem(chain, authorities, NOW), undefined)
  assert.match(chainProblem([deep.der], authorities, NOW) ?? '', /no authority/)
  assert.match(chainProblem(chain, readAuthorities([]), NOW) ?? '', /no authority/)
})

test('MTLS-02 nothing distrusted is remembered', () => {
  const authorities = readAuthorities([middle.pem])
  assert.match(chainProblem([leaf.der], authorities, NOW) ?? '', /no authority/)
  assert.equal(authorities.proven.size, 0)
})

test('MTLS-02 authorities are read from one text or several, and not from anything else', () => {
  assert.equal(readAuthorities([`${root.pem}\n${middle.pem}`]).certificates.length, 2)
  assert.equal(readAuthorities([root.pem, middle.pem]).certificates.length, 2)
  assert.equal(readAuthorities([root.pem.replaceAll('\n', '\r\n')]).certificates.length, 1)
  const key = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'
  const stray = root.pem.replace('\nM', '\n=M')
  for (const text of ['', 'root.pem', key, `${root.pem}\n${key}`, root.pem.slice(0, -10), stray]) {
    assert.throws(() => readAuthorities([text]), UnusableCertificate, text.slice(0, 40))
  }
})
