import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { contentDigest, matchesDigest } from './content-digest.ts'

const body = Buffer.from('{"hello": "world"}\n')
/** Of RFC 9530, appendix B.1 and D. */
const SHA_256 = 'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:'
const SHA_512 =
  'sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:'
const OTHER = 'sha-256=:4REjxQ4yrqUVicfSKYNO/cF9zNj5ANbzgDZt3/h3Qxo=:'

test('HS-CL-04 a digest is SHA-256 of the bytes', () => {
  assert.equal(contentDigest(body), SHA_256)
})

const accepted: Readonly<Record<string, readonly string[]>> = {
  'sha-256': [SHA_256],
  'sha-512': [SHA_512],
  'both, in one line': [`${SHA_512}, ${SHA_256}`],
  'both, in two lines': [SHA_256, SHA_512],
  'a digest among some we do not know': [`md5=:AAAA:, ${SHA_256};x=1, unixsum=1`],
}
const refused: Readonly<Record<string, readonly string[]>> = {
  nothing: [],
  'an empty field': [''],
  'a digest of something else': [OTHER],
  'a good digest beside a bad one': [SHA_512, OTHER],
  'a bad digest before a good one of the same algorithm': [OTHER, SHA_256],
  'algorithms we do not know only': ['md5=:Sd/dVLAcvNLSq16eXua5uQ==:, sha=:AAAA:'],
  'sha-256 in capitals': [SHA_256.replace('sha', 'SHA')],
  'a digest as text': [SHA_256.replaceAll(':', '"')],
  'a digest as token': ['sha-256=RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg'],
  'a list of digests': ['sha-256=(:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:)'],
  'a digest cut short': ['sha-256=:RK/0qy18MlBSVnWgjwz6lQ==:'],
  'an empty digest': ['sha-256=::'],
  'an algorithm without a digest': ['sha-256'],
  'a field nobody can read': [`${SHA_256}, `],
  'the old Digest syntax': ['SHA-256=RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg='],
}

describe('HS-RS-06 Content-Digest:', () => {
  for (const [title, fields] of Object.entries(accepted)) {
    test(`${title} fits`, () => assert.ok(matchesDigest(fields, body)))
  }
  for (const [title, fields] of Object.entries(refused)) {
    test(`${title} does not fit`, () => assert.ok(!matchesDigest(fields, body)))
  }

  test('one bit of the body more or less, and it does not fit', () => {
    assert.ok(!matchesDigest([SHA_256], body.subarray(0, -1)))
    assert.ok(!matchesDigest([SHA_256, SHA_512], Buffer.from('{"hello": "World"}\n')))
  })
})
