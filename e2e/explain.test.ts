import { accessTokenHash, generateSigningKey } from '@signet/protocol'
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { signet } from './testing/cli.ts'
import { ask, json, member, type Answer } from './testing/https.ts'
import { codeOf, Peer } from './testing/peer.ts'
import { serve, type ServerProcess } from './testing/server-process.ts'
import { serviceFor } from './testing/site.ts'

const unplaced = new Peer({ clientId: 'app', scope: 'openid accounts offline_access' })
const stranger = generateSigningKey('ES256')
const now = (): number => Math.floor(Date.now() / 1_000)

interface Case {
  readonly name: string
  readonly refused: (client: Peer) => Promise<Answer>
  readonly error: string
  /** What the operator reads. */
  readonly explained: readonly RegExp[]
}

const CASES: readonly Case[] = [
  {
    name: 'DPOP-PRF-09 a proof for another URL',
    refused: (client) => client.push({ proof: { claims: { htu: 'https://old.example/par' } } }),
    error: 'invalid_dpop_proof',
    explained: [/htu https:\/\/localhost:\d+\/par/, /htu "?https:\/\/old\.example\/par/],
  },
  {
    name: 'DPOP-PRF-08 a proof for another method',
    refused: (client) => client.push({ proof: { claims: { htm: 'GET' } } }),
    error: 'invalid_dpop_proof',
    explained: [/htm "?POST/, /htm "?GET/],
  },
  {
    name: 'DPOP-PRF-12 a proof of a clock that is two minutes slow',
    refused: (client) => client.push({ proof: { claims: { iat: now() - 120 } } }),
    error: 'invalid_dpop_proof',
    explained: [/-12[0-3] s from the time of the server/, /clock/],
  },
  {
    name: 'SP-AS-13a DPOP-PRF-12 a proof of a clock that is 90 seconds fast',
    refused: (client) => client.push({ proof: { claims: { iat: now() + 90 } } }),
    error: 'invalid_dpop_proof',
    explained: [/\+(88|89|90) s from the time of the server/, /clock/],
  },
  {
    name: 'DPOP-PRF-06 a proof that another key signed',
    refused: (client) => {
      const { kid: _kid, use: _use, alg: _alg, ...jwk } = client.proofKey.publicJwk
      return client.push({ proof: { header: { jwk }, key: stranger } })
    },
    error: 'invalid_dpop_proof',
    explained: [/thumbprint [\w-]{43}/, /does not verify/],
  },
  {
    name: 'DPOP-PRF-15 a proof that was used before',
    refused: async (client) => {
      const proof = client.proof(client.endpoint('par'))
      await client.push({ proof })
      return client.push({ proof })
    },
    error: 'invalid_dpop_proof',
    explained: [/used already/, /fresh proof/],
  },
  {
    name: 'DPOP-JKT-02 a code asked for with another key',
    refused: async (client) => {
      const code = codeOf(await client.authorize())
      return client.exchange(code, { proof: { key: stranger } })
    },
    error: 'invalid_dpop_proof',
    explained: [new RegExp(stranger.kid), /thumbprint/],
  },
  {
    name: 'SP-AS-08 an assertion for the token endpoint',
    refused: (client) => client.push({ assertion: { claims: { aud: client.endpoint('token') } } }),
    error: 'invalid_client',
    explained: [/aud/, /localhost:\d+\/token/],
  },
  {
    name: 'SP-AS-08a an assertion for an array',
    refused: (client) => client.push({ assertion: { claims: { aud: [client.issuer] } } }),
    error: 'invalid_client',
    explained: [/aud/, /array|string|\[/],
  },
  {
    name: 'PKJ-07 an assertion that another key signed',
    refused: (client) => client.push({ assertion: { key: stranger } }),
    error: 'invalid_client',
    explained: [new RegExp(stranger.kid), new RegExp(unplaced.key.kid), /jwks/],
  },
  {
    name: 'PKJ-06 an assertion that was used before',
    refused: async (client) => {
      const assertion = client.assertion()
      await client.push({ assertion })
      return client.push({ assertion })
    },
    error: 'invalid_client',
    explained: [/used already/, /jti/],
  },
  {
    name: 'PKJ-04 an assertion that has expired',
    refused: (client) =>
      client.push({ assertion: { claims: { iat: now() - 200, exp: now() - 120 } } }),
    error: 'invalid_client',
    explained: [/exp/, /1[12]\d s/],
  },
  {
    name: 'SP-AS-13a an assertion of a clock that is 90 seconds fast',
    refused: (client) =>
      client.push({ assertion: { claims: { iat: now() + 90, exp: now() + 150 } } }),
    error: 'invalid_client',
    explained: [/iat/, /(88|89|90) s/],
  },
  {
    name: 'SP-AS-06 no authentication',
    refused: (client) => client.push({ assertion: null }),
    error: 'invalid_client',
    explained: [/client_assertion/, /private_key_jwt/],
  },
  {
    name: 'SP-CR-02 an assertion with an algorithm nobody wants',
    refused: (client) => client.push({ assertion: { header: { alg: 'RS256' } } }),
    error: 'invalid_client',
    explained: [/RS256/, /ES256/],
  },
  {
    name: 'SP-AZ-05 no PKCE',
    refused: (client) => client.push({ form: { code_challenge: undefined } }),
    error: 'invalid_request',
    explained: [/code_challenge missing/],
  },
  {
    name: 'DPOP-PRF-13 a proof for another access token',
    refused: async (client) => {
      const { accessToken } = await client.logIn()
      return client.userinfo(accessToken, { proof: { claims: { ath: accessTokenHash('other') } } })
    },
    error: 'invalid_dpop_proof',
    explained: [/ath/],
  },
  {
    name: 'DPOP-PRF-14 an access token in the hand of another key',
    refused: async (client) => {
      const { accessToken } = await client.logIn()
      return client.userinfo(accessToken, { proof: { key: stranger } })
    },
    error: 'invalid_token',
    explained: [new RegExp(stranger.kid), /thumbprint/],
  },
]

describe('a refusal explains itself', { concurrency: 2 }, () => {
  let server: ServerProcess
  let client: Peer
  before(async () => {
    server = await serve(serviceFor([unplaced.metadata()]))
    client = unplaced.at(server.site.origin)
  })
  after(async () => {
    await server.stop()
    server.site.remove()
  })

  for (const { name, refused, error, explained } of CASES) {
    test(`${name}: the operator reads why, the caller what it may know`, async () => {
      const answer = await refused(client)
      assert.equal(errorOf(answer), error)
      const uri = errorUriOf(answer)
      assert.ok(uri.startsWith(`${client.issuer}/errors/`), uri)
      await checkPage(uri, error)
      const text = await explain(uri, server.site.configFile)
      for (const pattern of explained) assert.match(text, pattern)
      for (const label of ['Event', 'When', 'Expected', 'Received', 'Remedy']) {
        assert.match(text, new RegExp(`^${label} +\\S`, 'm'))
      }
      assert.doesNotMatch(text, /eyJ[\w-]+\.eyJ/, 'a token is shown')
    })
  }

  test('an event can be read by a program too', async () => {
    const uri = errorUriOf(await client.push({ assertion: null }))
    const ran = await signet(['explain', uri, '--json', '--config', server.site.configFile])
    const event = json({ body: ran.stdout })
    assert.equal(event['step'], 'push')
    assert.ok(event['evidence'])
  })

  test('an event that is not, is told to be none', async () => {
    const ran = await signet(['explain', 'no-such-event', '--config', server.site.configFile])
    assert.notEqual(ran.code, 0)
    assert.match(ran.stderr, /no event no-such-event/i)
    assert.doesNotMatch(ran.stderr, /\n +at /, 'a stack is shown')
  })

  test('SP-AS-06 what it printed holds no secret of anybody', () => {
    assert.doesNotMatch(server.output(), /eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/)
  })
})

describe('where nonces are required', () => {
  test('DPOP-PRF-11 DPOP-AS-09 a proof without one is told what is missing', async () => {
    const server = await serve(serviceFor([unplaced.metadata()], { dpop: { nonce: 'required' } }))
    const client = unplaced.at(server.site.origin)
    for (const [nonce, received] of [
      [undefined, /no nonce/],
      ['stale', /nonce that is stale/],
    ] as const) {
      const answer = await client.push({ proof: { claims: { nonce } } })
      assert.equal(answer.status, 400)
      assert.equal(member(answer, 'error'), 'use_dpop_nonce')
      const text = await explain(errorUriOf(answer), server.site.configFile)
      assert.match(text, received)
      assert.match(text, /DPoP-Nonce/)
    }
    assert.equal((await client.push()).status, 201, 'with the nonce it handed out')
    assert.equal(
      member(await client.push({ proof: { claims: { nonce: undefined } } }), 'error'),
      'use_dpop_nonce',
    )
    await server.stop()
    server.site.remove()
  })
})

/** At a resource the error stands in the challenge, elsewhere in the body. */
function errorOf(answer: Answer): string {
  return inChallenge(answer, 'error') ?? member(answer, 'error')
}

function errorUriOf(answer: Answer): string {
  return inChallenge(answer, 'error_uri') ?? member(answer, 'error_uri')
}

function inChallenge({ headers }: Answer, name: string): string | undefined {
  return new RegExp(`[ ,]${name}="([^"]*)"`).exec(headers['www-authenticate'] ?? '')?.[1]
}

/** RFC 9700 §4.11: whoever reads it may be anybody. */
async function checkPage(uri: string, error: string): Promise<void> {
  const page = await ask(uri, { headers: { accept: 'text/html' } })
  assert.equal(page.status, 200)
  assert.match(String(page.headers['content-type']), /^text\/html/)
  assert.match(page.body, new RegExp(`id="error-code">${error}<`))
  assert.match(page.body, new RegExp(uri.slice(uri.lastIndexOf('/') + 1)))
  for (const hidden of [unplaced.key.kid, stranger.kid, 'old.example', 'eyJ']) {
    assert.ok(!page.body.includes(hidden), `the page shows ${hidden}`)
  }
}

async function explain(uri: string, configFile: string): Promise<string> {
  const ran = await signet(['explain', uri, '--config', configFile])
  assert.equal(ran.code, 0, ran.stderr)
  return ran.stdout
}
