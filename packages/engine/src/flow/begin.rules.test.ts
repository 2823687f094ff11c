import { proveRule } from '@signet/protocol/testing'
import type { PushedRequest } from '../store/ephemeral.ts'
import {
  arrivalRules,
  referenceRules,
  trustRules,
  type Arrival,
  type Pending,
  type Reference,
} from './begin.rules.ts'
import type { ResponseMode } from '../response-modes.ts'
import { app, CALLBACK, parameters } from './testing/scene.ts'

const arriving: Arrival = {
  clientId: 'app',
  requestUri: 'urn:ietf:params:oauth:request_uri:r4nd0m',
}

proveRule(arrivalRules, 'OAU-02', {
  good: arriving,
  refuses: { 'an arrival without client_id': { ...arriving, clientId: undefined } },
})

proveRule(arrivalRules, 'SP-AZ-03', {
  good: arriving,
  refuses: {
    'plain parameters': { ...arriving, requestUri: undefined },
    'a request object at the client': {
      ...arriving,
      requestUri: 'https://app.example/request.jwt',
    },
    'a request_uri of another kind': {
      ...arriving,
      requestUri: 'urn:example:bwc4JK-ESC0w8acc191e',
    },
    'a prefix of another case': {
      ...arriving,
      requestUri: 'URN:IETF:params:oauth:request_uri:r4nd0m',
    },
  },
})

const pushed: PushedRequest = {
  digest: 'd',
  clientId: 'app',
  parameters,
  expiresAt: 1_090,
  keptUntil: 1_690,
}
const reference: Reference = { clientId: 'app', pushed, now: 1_089 }

proveRule(referenceRules, 'PAR-10', {
  good: reference,
  refuses: {
    'an unknown request_uri': { ...reference, pushed: undefined },
    'a request_uri in the second it expires': { ...reference, now: 1_090 },
    'a request_uri long after': { ...reference, now: 1_689 },
  },
})

proveRule(referenceRules, 'PAR-06', {
  good: reference,
  refuses: {
    'another client': { ...reference, clientId: 'other' },
    'the client in another case': { ...reference, clientId: 'App' },
  },
})

const pending: Pending = { pushed, client: app }

proveRule(trustRules, 'PAR-13', {
  good: pending,
  refuses: { 'a client that is unknown or disabled by now': { ...pending, client: undefined } },
})

const registered = (redirectUri: string): Pending => ({
  ...pending,
  client: { ...app, redirectUris: [redirectUri] },
})

proveRule(trustRules, 'OAU-11', {
  good: pending,
  refuses: {
    'a URI that is not registered any more': { ...pending, client: { ...app, redirectUris: [] } },
    'a URI without the query of the request': registered('https://app.example/cb'),
    'a URI that differs in the encoding of its query': registered(decodeURIComponent(CALLBACK)),
    'a URI with more': registered(`${CALLBACK}y`),
  },
})

const answered = (asked: ResponseMode | undefined, ...offered: ResponseMode[]): Pending => ({
  pushed: {
    ...pushed,
    parameters: { ...pushed.parameters, ...(asked && { response_mode: asked }) },
  },
  client: { ...app, responseModes: new Set(offered) },
})

proveRule(trustRules, 'MS-JARM-01', {
  good: answered('jwt', 'query.jwt', 'jwt'),
  refuses: {
    'the query, of a client whose answers are signed by now': answered('query', 'jwt', 'query.jwt'),
    'no mode, which means the query, of such a client': answered(undefined, 'jwt', 'query.jwt'),
    'a form post that is not offered any more': answered('form_post', 'query', 'form_post.jwt'),
  },
})
