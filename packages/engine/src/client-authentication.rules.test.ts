import { decodeJwt, type DecodedJwt, type Form } from '@signet/protocol'
import { proveRule } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ASSERTION_TYPE,
  attributionRules,
  credentialRules,
  type Credentials,
} from './client-authentication.rules.ts'
import { createStage } from './testing/index.ts'

const { app } = createStage()
const text = app.assertion()
const TYPE = ['client_assertion_type', ASSERTION_TYPE] as const
const ASSERTION = ['client_assertion', text] as const

const good: Credentials = {
  form: [TYPE, ASSERTION],
  authorization: [],
  assertion: decodeJwt(text),
  malformed: undefined,
  client: app.client,
  authentication: app.client.authentication,
}

const with_ = (...more: Form): Credentials => ({ ...good, form: [...good.form, ...more] })
const naming = (sub: unknown): DecodedJwt => {
  const decoded = decodeJwt(text)
  return { ...decoded, claims: { ...decoded.claims, sub } }
}

proveRule(credentialRules, 'PKJ-09', {
  good,
  refuses: {
    'an assertion beside Basic': { ...good, authorization: ['Basic YXBwOnM='] },
    'an assertion beside a bearer token': { ...good, authorization: ['Bearer x'] },
    'an assertion beside an empty Authorization header': { ...good, authorization: [''] },
    'an assertion beside a client_secret': with_(['client_secret', 's3cret']),
  },
})

proveRule(credentialRules, 'SP-AS-06', {
  good,
  refuses: {
    'a request without assertion': { ...good, form: [TYPE], assertion: undefined },
    'an empty assertion': {
      ...good,
      form: [TYPE, ['client_assertion', '']],
      assertion: undefined,
    },
    'a client_secret': {
      ...good,
      form: [TYPE, ['client_id', 'app'], ['client_secret', 's3cret']],
      assertion: undefined,
    },
    'Basic credentials': {
      ...good,
      form: [TYPE],
      authorization: ['Basic YXBwOnM='],
      assertion: undefined,
    },
  },
})

proveRule(credentialRules, 'PKJ-01', {
  good,
  refuses: {
    'an assertion without type': { ...good, form: [ASSERTION] },
    'an empty type': { ...good, form: [['client_assertion_type', ''], ASSERTION] },
    'the type of SAML': {
      ...good,
      form: [
        ['client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer'],
        ASSERTION,
      ],
    },
    'the type in capitals': {
      ...good,
      form: [['client_assertion_type', ASSERTION_TYPE.toUpperCase()], ASSERTION],
    },
    'the type with a blank after it': {
      ...good,
      form: [['client_assertion_type', `${ASSERTION_TYPE} `], ASSERTION],
    },
  },
})

proveRule(credentialRules, 'JWT-06', {
  good,
  refuses: {
    'an assertion that could not be read': {
      ...good,
      assertion: undefined,
      malformed: 'a compact JWS has three parts',
      client: undefined,
    },
  },
})

proveRule(credentialRules, 'PKJ-08', {
  good: with_(['client_id', 'app']),
  refuses: {
    'the client_id of another client': with_(['client_id', 'web']),
    'the client_id in another case': with_(['client_id', 'APP']),
    'a client_id beside an assertion without sub': {
      ...with_(['client_id', 'app']),
      assertion: naming(undefined),
    },
    'a client_id beside a sub that cannot be made a text': {
      ...with_(['client_id', 'app']),
      assertion: naming({ toString: null, valueOf: null }),
    },
  },
})

const readable = { ...good, assertion: decodeJwt(text) }

proveRule(attributionRules, 'SP-AS-03', {
  good: readable,
  refuses: {
    'an unknown client': { ...readable, client: undefined },
    'a sub that cannot be made a text': {
      ...readable,
      client: undefined,
      assertion: naming({ toString: null, valueOf: null }),
    },
  },
})

test('what was received instead of an assertion is told without telling it', () => {
  const told = (id: string, change: Partial<Credentials>): string =>
    credentialRules.find((rule) => rule.id === id)?.received({ ...good, ...change }) ?? ''
  const none = { form: [], assertion: undefined }
  assert.equal(told('SP-AS-06', none), 'no credentials')
  assert.equal(told('SP-AS-06', { ...none, form: [['client_id', 'app']] }), 'a client_id alone')
  assert.equal(told('SP-AS-06', { ...none, form: [['client_secret', 's3']] }), 'a client_secret')
  const basic = told('SP-AS-06', { ...none, authorization: ['Basic czNjcmV0'] })
  assert.equal(basic, 'an Authorization header of scheme Basic')
  const bare = told('SP-AS-06', { ...none, authorization: ['czNjcmV0'] })
  assert.equal(bare, 'an Authorization header of scheme unknown')
  const swapped: Form = [
    ['client_assertion_type', text],
    ['client_assertion', ASSERTION_TYPE],
  ]
  assert.doesNotMatch(told('PKJ-01', { form: swapped }), /eyJ/)
})
