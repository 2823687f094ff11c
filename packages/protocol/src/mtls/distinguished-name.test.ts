import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { readCertificate } from './certificate.ts'
import {
  canonicalName,
  describeName,
  distinguishedNameProblem,
  parseDistinguishedName,
  type DistinguishedName,
} from './distinguished-name.ts'
import { issue, type Relative } from './testing/certificates.ts'

const subjectOf = async (subject: readonly Relative[]): Promise<DistinguishedName> =>
  readCertificate((await issue({ subject })).der).subject

function isSame(text: string, subject: DistinguishedName): boolean {
  const name = parseDistinguishedName(text)
  return typeof name !== 'string' && canonicalName(name) === canonicalName(subject)
}

const subject = await subjectOf([{ C: 'DE' }, { O: 'Bank AG' }, { OU: 'x' }, { CN: 'bank' }])

test('MTLS-02 a registered name is that of the certificate in reverse order, in any case and with any spaces', () => {
  for (const text of [
    'CN=bank,OU=x,O=Bank AG,C=DE',
    'cn=BANK,ou=X,o=bank ag,c=de',
    'CN=bank, OU=x, O=Bank AG, C=DE',
    ' CN = bank , OU = x , O = Bank   AG , C = DE ',
    String.raw`CN=\20bank\20,OU=x,O=Bank\20\20AG,C=DE`,
    '2.5.4.3=bank,2.5.4.11=x,2.5.4.10=Bank AG,2.5.4.6=DE',
    'commonName=bank,organizationalUnitName=x,organizationName=Bank AG,countryName=DE',
    String.raw`CN=b\61nk,OU=x,O=Bank AG,C=DE`,
    'CN=#0c0462616e6b,OU=#130178,O=Bank AG,C=DE',
    'CN=ｂａｎｋ,OU=x,O=Bank AG,C=DE',
  ]) {
    assert.ok(isSame(text, subject), text)
  }
})

test('MTLS-02 no other name is the same: not a part, not more, not another order', () => {
  for (const text of [
    'CN=bank',
    'CN=bank,OU=x,O=Bank AG',
    'OU=x,O=Bank AG,C=DE',
    'CN=bank,OU=x,O=Bank AG,C=DE,C=DE',
    'CN=bank,CN=bank,OU=x,O=Bank AG,C=DE',
    'C=DE,O=Bank AG,OU=x,CN=bank',
    'OU=x,CN=bank,O=Bank AG,C=DE',
    'CN=bank+OU=x,O=Bank AG,C=DE',
    'CN=ban,OU=x,O=Bank AG,C=DE',
    'CN=bank.evil,OU=x,O=Bank AG,C=DE',
    'CN=evil bank,OU=x,O=Bank AG,C=DE',
    'CN=b ank,OU=x,O=Bank AG,C=DE',
    'CN=bank,OU=x,O=BankAG,C=DE',
    'CN=*,OU=x,O=Bank AG,C=DE',
    'OU=bank,CN=x,O=Bank AG,C=DE',
    String.raw`CN=bank\,OU=x,O=Bank AG,C=DE`,
    String.raw`CN=bank,OU=x,O=Bank AG\,C=DE`,
    'CN=#040462616e6b,OU=x,O=Bank AG,C=DE',
    'CN=bаnk,OU=x,O=Bank AG,C=DE', // Cyrillic
    'CN=bank\u200B,OU=x,O=Bank AG,C=DE',
  ]) {
    assert.ok(!isSame(text, subject), text)
  }
})

test('MTLS-02 folding goes no further than case: no letter becomes another', async () => {
  const dotless = await subjectOf([{ CN: 'bıllıng' }])
  assert.ok(isSame('CN=bıllıng', dotless))
  assert.ok(!isSame('CN=billing', dotless))
  assert.ok(!isSame('CN=BILLING', dotless))
  assert.ok(!isSame('CN=strasse', await subjectOf([{ CN: 'straße' }])))
})

test('MTLS-02 what kind of string a value is does not matter', async () => {
  const values = [
    { utf8String: 'Zürich AG' },
    { bmpString: 'Zürich AG' },
    { universalString: 'Zürich AG' },
    { teletexString: 'Zürich AG' },
  ]
  for (const value of values) {
    const name = await subjectOf([{ O: value }])
    assert.ok(isSame('O=zürich ag', name), JSON.stringify(value))
    assert.ok(isSame(String.raw`O=Z\C3\BCrich AG`, name), JSON.stringify(value))
    assert.ok(isSame('O=Zu\u0308rich AG', name), JSON.stringify(value))
  }
  for (const value of [
    { printableString: 'bank' },
    { ia5String: 'bank' },
    { utf8String: 'bank' },
  ]) {
    assert.ok(isSame('CN=bank', await subjectOf([{ CN: value }])), JSON.stringify(value))
  }
})

test('MTLS-02 the attributes of one relative name are a set', async () => {
  const name = await subjectOf([{ C: 'DE' }, { CN: 'bank', OU: 'x' }])
  assert.ok(isSame('CN=bank+OU=x,C=DE', name))
  assert.ok(isSame('OU=x + CN=bank,C=DE', name))
  for (const text of [
    'CN=bank,OU=x,C=DE',
    'OU=x,CN=bank,C=DE',
    'CN=bank,C=DE',
    'CN=x+OU=bank,C=DE',
    'CN=bank+OU=x+OU=x,C=DE',
  ]) {
    assert.ok(!isSame(text, name), text)
  }
})

test('MTLS-02 names as they are in open banking are read by short name and by object identifier', async () => {
  const name = await subjectOf([
    { '1.3.6.1.4.1.311.60.2.1.3': 'BR' },
    { '2.5.4.15': 'Private Organization' },
    { '2.5.4.5': '43142666000197' },
    { '0.9.2342.19200300.100.1.1': '67c57882-043b-11ec-9a03-0242ac130003' },
    { '2.5.4.97': 'PSDBR-BCB-12345' },
    { '1.2.840.113549.1.9.1': { ia5String: 'ops@bank.example' } },
  ])
  for (const text of [
    'emailAddress=ops@bank.example,organizationIdentifier=PSDBR-BCB-12345,UID=67c57882-043b-11ec-9a03-0242ac130003,serialNumber=43142666000197,businessCategory=Private Organization,jurisdictionCountryName=BR',
    'E=ops@bank.example,2.5.4.97=PSDBR-BCB-12345,userid=67c57882-043b-11ec-9a03-0242ac130003,SERIALNUMBER=43142666000197,2.5.4.15=Private Organization,jurisdictionC=BR',
    'E=ops@bank.example,2.5.4.97=#0c0f50534442522d4243422d3132333435,UID=67c57882-043b-11ec-9a03-0242ac130003,2.5.4.5=#130e3433313432363636303030313937,2.5.4.15=Private Organization,1.3.6.1.4.1.311.60.2.1.3=#13024252',
  ]) {
    assert.ok(isSame(text, name), text)
  }
})

test('MTLS-02 signs that have a meaning are escaped in each of the ways there are', async () => {
  const value = String.raw` #Sue, "Grab" + <or> \ =;quit `
  const name = await subjectOf([{ CN: value }])
  for (const text of [
    String.raw`CN=\ #Sue\, \"Grab\" \+ \<or\> \\ =\;quit\ `,
    String.raw`CN=\20\23Sue\2c \22Grab\22 \2B \3Cor\3e \5C \=\3Bquit\20`,
  ]) {
    assert.ok(isSame(text, name), text)
  }
})

test('MTLS-02 the examples of RFC 4514 are read', () => {
  for (const text of [
    'UID=jsmith,DC=example,DC=net',
    'OU=Sales+CN=J.  Smith,DC=example,DC=net',
    String.raw`CN=James \"Jim\" Smith\, III,DC=example,DC=net`,
    String.raw`CN=Before\0dAfter,DC=example,DC=net`,
    '1.3.6.1.4.1.1466.0=#04024869',
    String.raw`CN=Lu\C4\8Di\C4\87`,
  ]) {
    // The fourth has a line break in it, which nobody sees.
    const problem = distinguishedNameProblem(text)
    assert.equal(problem === undefined, !text.includes('0d'), `${text}: ${problem ?? ''}`)
  }
  assert.deepEqual(parseDistinguishedName(String.raw`CN=Lu\C4\8Di\C4\87`), [
    [{ type: '2.5.4.3', text: 'Lučić' }],
  ])
})

test('MTLS-02 says why a name cannot be registered', () => {
  const problems: Readonly<Record<string, RegExp>> = {
    '': /character 1/,
    ' ': /character 1/,
    bank: /character 1/,
    '=bank': /character 1/,
    'CN=bank,': /character 9/,
    ',CN=bank': /character 1/,
    'CN=bank,,C=DE': /character 9/,
    'CN=bank;C=DE': /character 1/,
    'CN="bank"': /character 1/,
    'CN=<bank>': /character 1/,
    '/C=DE/CN=bank': /character 1/,
    'C=DE,CN=#bank': /character 6/,
    'CN=#0c0': /character 1/,
    'CN=#': /character 1/,
    'CN= #x': /character 1/,
    [String.raw`CN=bank\x`]: /character 1/,
    [String.raw`CN=bank\4`]: /character 1/,
    'CN=bank\\': /character 1/,
    'CN=bank\0': /character 1/,
    [String.raw`CN=\FF`]: /not UTF-8/,
    [String.raw`CN=\C0\80`]: /not UTF-8/,
    [String.raw`CN=bank\00`]: /cannot be read/,
    'CN=bank\n': /cannot be read/,
    'CN=\uFFFD': /cannot be read/,
    'CN=#0c0462610061': /cannot be read/,
    'CN=#0c05': /encoding/,
    'CN=#00': /encoding/,
    'FOO=bank': /FOO/,
    'OID.2.5.4.3=bank': /character 1/,
    '2.5.4.=bank': /object identifier/,
    '02.5.4.3=bank': /object identifier/,
    '3.5.4.3=bank': /object identifier/,
    '2=bank': /object identifier/,
    [`CN=${'a'.repeat(2048)}`]: /longer/,
  }
  for (const [text, problem] of Object.entries(problems)) {
    assert.match(distinguishedNameProblem(text) ?? 'none', problem, text)
  }
})

test('MTLS-02 a name without attributes cannot be registered, and so fits no certificate without subject', async () => {
  const empty = await subjectOf([])
  assert.deepEqual(empty, [])
  assert.ok(!isSame('', empty))
})

test('MTLS-02 a NUL byte in a name ends nothing', async () => {
  const name = await subjectOf([{ CN: 'bank\0.evil.example' }])
  for (const text of ['CN=bank', 'CN=bank.evil.example', String.raw`CN=bank\00.evil.example`]) {
    assert.ok(!isSame(text, name), text)
  }
})

test('MTLS-02 a value that is no character string is compared by its encoding', () => {
  const hex = (text: string): string => {
    const name = parseDistinguishedName(text)
    return typeof name === 'string' ? name : canonicalName(name)
  }
  assert.equal(hex('CN=#04024869'), hex('cn=#04024869'))
  assert.notEqual(hex('CN=#04024869'), hex('CN=#0c024869'))
  assert.notEqual(hex('CN=#04024869'), hex(String.raw`CN=\#04024869`))
})

test('the name of a certificate is told as it can be registered', async () => {
  for (const value of [
    'bank',
    String.raw` #Sue, "Grab" + <or> \ =;quit `,
    '#x',
    'Zürich',
    ' ',
    'ａ=b',
  ]) {
    const name = await subjectOf([{ C: 'DE' }, { CN: value, OU: 'x' }])
    assert.deepEqual(parseDistinguishedName(describeName(name)), name, value)
  }
  assert.equal(describeName(subject), 'CN=bank,OU=x,O=Bank AG,C=DE')
  const text = '1.3.6.1.4.1.1466.0=#04024869,jurisdictionCountryName=DE'
  const name = parseDistinguishedName(text)
  assert.ok(typeof name !== 'string')
  assert.equal(describeName(name), text)
})

test('MTLS-12 no text keeps the reader of names busy', () => {
  const started = process.cpuUsage()
  for (const text of [
    ' '.repeat(2048),
    `CN=${' '.repeat(2040)}"`,
    `CN=${'\\'.repeat(2039)}`,
    'CN=a,'.repeat(409),
    'CN=a+'.repeat(409),
    `CN=#${'30'.repeat(1000)}`,
    `CN=#${'0c'.repeat(1000)}`,
    `${'1.'.repeat(1000)}=a`,
    Buffer.alloc(2048, '=').toString(),
  ]) {
    assert.ok(distinguishedNameProblem(text) !== undefined, text.slice(0, 20))
  }
  assert.ok(process.cpuUsage(started).user < 1_000_000)
})
