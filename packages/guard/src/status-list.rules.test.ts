import { proveRule } from '@signet/protocol/testing'
import {
  statusListRules,
  tokenStatusRules,
  type FetchedStatusList,
  type TokenStatus,
} from './status-list.rules.ts'

const good: FetchedStatusList = {
  header: { alg: 'ES256', typ: 'statuslist+jwt' },
  claims: { sub: 'https://as.example/s', iat: 100, exp: 200, status_list: { bits: 1, lst: 'x' } },
  issuer: 'https://as.example',
  uri: 'https://as.example/s',
  now: 100,
}
const claiming = (change: object): FetchedStatusList => ({
  ...good,
  claims: { ...good.claims, ...change },
})

proveRule(statusListRules, 'JWT-09', {
  good,
  refuses: {
    'an access token': { ...good, header: { alg: 'ES256', typ: 'at+jwt' } },
    'a JWT without typ': { ...good, header: { alg: 'ES256' } },
  },
})

proveRule(statusListRules, 'SP-CR-02', {
  good,
  refuses: { RS256: { ...good, header: { ...good.header, alg: 'RS256' } } },
})

proveRule(statusListRules, 'JWT-07', {
  good,
  refuses: {
    'another list': claiming({ sub: 'https://as.example/t' }),
    'no subject': claiming({ sub: undefined }),
    'the list of another issuer': claiming({ iss: 'https://evil.example' }),
  },
})

proveRule(statusListRules, 'SP-RS-03', {
  good,
  refuses: {
    'a list that has expired': claiming({ exp: 100 }),
    'an expiry that is text': claiming({ exp: '200' }),
    'a list from ahead': claiming({ iat: 200 }),
    'a list without a date': claiming({ iat: undefined }),
  },
})

proveRule(statusListRules, 'JWT-06', {
  good,
  refuses: {
    'no list': claiming({ status_list: undefined }),
    'three bits': claiming({ status_list: { bits: 3, lst: 'x' } }),
    'a list that is no text': claiming({ status_list: { bits: 1, lst: [0] } }),
    'a ttl of nothing': claiming({ ttl: 0 }),
  },
})

const stands: TokenStatus = { required: true, claim: {}, status: 0 }

proveRule(tokenStatusRules, 'JAT-05', {
  good: stands,
  refuses: {
    'a token without status where one is needed': {
      required: true,
      claim: undefined,
      status: undefined,
    },
    'a status nobody can read': { required: false, claim: 'x', status: undefined },
  },
})

proveRule(tokenStatusRules, 'SP-RS-03', {
  good: stands,
  refuses: {
    'a revoked token': { ...stands, status: 1 },
    'a suspended token': { ...stands, status: 2 },
    'a token beyond the list': { ...stands, status: -1 },
  },
})
