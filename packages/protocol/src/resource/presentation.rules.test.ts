import assert from 'node:assert/strict'
import { test } from 'node:test'
import { proveRule } from '../testing/prove-rule.ts'
import { presentedToken } from './credentials.ts'
import { presentationRules, readCredentials, type Presentation } from './presentation.rules.ts'

const presenting = (authorization: readonly string[], ...names: string[]): Presentation => ({
  authorization,
  parameterNames: names,
})

const good = presenting(['DPoP abc.def_-~+/=='])

proveRule(presentationRules, 'OAU-10', {
  good,
  refuses: {
    'two headers': presenting(['DPoP one', 'DPoP two']),
    'two equal headers': presenting(['DPoP one', 'DPoP one']),
    'a header and a parameter': presenting(['Bearer one'], 'access_token'),
  },
})

proveRule(presentationRules, 'SP-RS-02', {
  good,
  refuses: { 'a token in the query or the body': presenting([], 'fields', 'access_token') },
})

proveRule(presentationRules, 'OAU-09', {
  good,
  refuses: {
    'no credentials': presenting([]),
    'an empty header': presenting(['']),
    'credentials of another scheme': presenting(['Basic YWxpY2U6c2VjcmV0']),
    'a scheme that only begins like ours': presenting(['DPoPed token']),
  },
})

proveRule(presentationRules, 'SP-RS-01', {
  good,
  refuses: {
    'a scheme without a token': presenting(['DPoP']),
    'the Bearer scheme alone': presenting(['Bearer']),
    'a scheme and spaces': presenting(['DPoP   ']),
    'two tokens': presenting(['Bearer one two']),
    'two joined headers': presenting(['DPoP one, DPoP two']),
    'a quoted token': presenting(['DPoP "one"']),
    'characters beyond ASCII': presenting(['DPoP töken']),
  },
})

test('SP-RS-01 takes the scheme in any case', () => {
  for (const scheme of ['DPoP', 'dpop', 'DPOP']) {
    assert.deepEqual(presentedToken(`${scheme} abc`), { scheme: 'dpop', token: 'abc' })
  }
  for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
    assert.deepEqual(presentedToken(`${scheme}  abc `), { scheme: 'bearer', token: 'abc' })
  }
})

test('SP-RS-01 what respects the rules is read as it was judged', () => {
  for (const header of ['DPoP a.b', 'dpop  a.b ', 'Bearer a.b', 'BEARER   a.b  ', 'DPoP a==']) {
    assert.deepEqual(
      readCredentials({ authorization: [header], parameterNames: [] }),
      presentedToken(header),
    )
  }
})
