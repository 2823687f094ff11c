import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { describe, test } from 'node:test'
import type { BffOptions, ClientOptions } from './config/options.ts'
import {
  clientCertificate,
  selfSignedCertificate,
  type TestCertificate,
} from './testing/certificates.ts'
import { openSocket } from './testing/open-socket.ts'
import { json, type Received } from './testing/scripted-authority.ts'
import { shownCertificate, serve } from './testing/serve.ts'
import { CLIENT_KEY, openStage, type Stage, type StageOptions } from './testing/stage.ts'
import { TestBrowser, type Answer } from './testing/test-browser.ts'

const certificate = await clientCertificate('bank')
const renewed = await clientCertificate('bank')
const selfSigned = await selfSignedCertificate('bank')

const BACK_CHANNEL = ['/par', '/token', '/userinfo', '/revoke']

const tlsOf = (own: TestCertificate): NonNullable<ClientOptions['tls']> => ({
  certificate: own.certificate,
  key: own.key,
})

/** A client that uses certificates for everything it can. */
const allByCertificate: ClientOptions = {
  client_id: 'bank',
  tls: tlsOf(certificate),
  authentication: 'tls_client_auth',
  senderConstraint: 'mtls',
}

const COMBINATIONS: Readonly<Record<string, ClientOptions>> = {
  'private_key_jwt and tokens bound to a certificate': {
    ...allByCertificate,
    keys: [CLIENT_KEY],
    authentication: 'private_key_jwt',
  },
  'tls_client_auth and tokens bound to proofs': { ...allByCertificate, senderConstraint: 'dpop' },
  'tls_client_auth and tokens bound to the certificate': allByCertificate,
  'self_signed_tls_client_auth and tokens bound to that certificate': {
    ...allByCertificate,
    tls: tlsOf(selfSigned),
    authentication: 'self_signed_tls_client_auth',
  },
}

async function stageOf(
  client: ClientOptions,
  { bff, ...options }: StageOptions & { readonly bff?: Partial<BffOptions> } = {},
): Promise<Stage> {
  const stage = await openStage({ ...options, bff: { client, userinfo: true, ...bff } })
  stage.authority.aliases = true
  return stage
}

async function loggedIn(stage: Stage): Promise<TestBrowser> {
  const browser = new TestBrowser()
  await stage.logIn(browser)
  return browser
}

/** Logs in, calls, refreshes, acts in its own name and logs out. */
async function useEverything(stage: Stage): Promise<void> {
  const browser = await loggedIn(stage)
  const call = (path: string): Promise<Answer> => browser.call(stage.origin + path)
  assert.equal((await call('/api/x')).status, 200)
  stage.clock.advance(400)
  assert.equal((await call('/api/x')).status, 200)
  assert.equal((await call('/shop/x')).status, 200)
  const logout = await browser.call(`${stage.origin}/bff/logout`, { method: 'POST' })
  assert.equal(logout.status, 200)
  while (stage.authority.calls('/revoke').length === 0) await new Promise(setImmediate)
}

function backChannel({ authority }: Stage): readonly Received[] {
  return authority.received.filter(({ path }) => BACK_CHANNEL.includes(path))
}

/** What the BFF asked without being anybody. */
function inPublic({ authority }: Stage): readonly Received[] {
  return authority.received.filter(({ path }) => !BACK_CHANNEL.includes(path))
}

describe('SP-CL-01 SP-CL-02 a client with', () => {
  for (const [title, client] of Object.entries(COMBINATIONS)) {
    const isOwn = client.authentication === 'self_signed_tls_client_auth'
    const { thumbprint } = isOwn ? selfSigned : certificate
    const { authentication, senderConstraint } = client

    test(`${title} logs in, calls, refreshes and logs out`, async () => {
      await using stage = await stageOf(client)
      await useEverything(stage)
      assert.deepEqual([stage.authority.problems, stage.api.problems], [[], []])
      for (const { form } of backChannel(stage).filter(({ path }) => path !== '/userinfo')) {
        assert.equal(form.has('client_assertion'), authentication === 'private_key_jwt')
        assert.equal(form.has('client_secret'), false)
      }
      const scheme = senderConstraint === 'dpop' ? 'DPoP' : 'Bearer'
      assert.deepEqual(
        stage.api.calls.map(({ headers }) => headers.authorization),
        [`${scheme} token-1`, `${scheme} token-2`, `${scheme} token-3`],
      )
    })

    test(`SP-CL-07 ${title} calls every endpoint at its twin, and shows the certificate there alone`, async () => {
      await using stage = await stageOf(client)
      await useEverything(stage)
      const asked = backChannel(stage)
      assert.deepEqual(new Set(asked.map(({ path }) => path)), new Set(BACK_CHANNEL))
      for (const { origin, path, certificate: proof } of asked) {
        assert.deepEqual([origin, proof], [stage.authority.twin, thumbprint], path)
      }
      assert.ok(inPublic(stage).some(({ path }) => path === '/jwks'))
      for (const { origin, path, certificate: proof } of inPublic(stage)) {
        assert.deepEqual([origin, proof], [stage.authority.issuer, undefined], path)
      }
      const toApi = senderConstraint === 'mtls' ? thumbprint : undefined
      assert.deepEqual(
        stage.api.calls.map((call) => call.certificate),
        [toApi, toApi, toApi],
      )
    })

    test(`SP-CL-07 ${title} does without twins where the server has none`, async () => {
      await using stage = await stageOf(client)
      stage.authority.aliases = false
      await useEverything(stage)
      assert.deepEqual([stage.authority.problems, stage.api.problems], [[], []])
      for (const { origin, path, certificate: proof } of backChannel(stage)) {
        assert.deepEqual([origin, proof], [stage.authority.issuer, thumbprint], path)
      }
      for (const { path, certificate: proof } of inPublic(stage)) {
        assert.equal(proof, undefined, path)
      }
    })
  }
})

describe('the twins of endpoints', () => {
  test('SP-CL-07 are used one by one: where there is none, the endpoint itself is', async () => {
    await using stage = await stageOf(allByCertificate)
    const { issuer, twin } = stage.authority
    stage.authority.metadata = { mtls_endpoint_aliases: { token_endpoint: `${twin}/token` } }
    await loggedIn(stage)
    assert.deepEqual(
      backChannel(stage).map(({ origin, path }) => [origin, path]),
      [
        [issuer, '/par'],
        [twin, '/token'],
        [issuer, '/userinfo'],
      ],
    )
  })

  test('SP-NET-10 are used where the client was told to, with or without a certificate', async () => {
    const plain: ClientOptions = {
      client_id: 'bank',
      keys: [CLIENT_KEY],
      useMtlsEndpointAliases: true,
    }
    for (const [client, expected] of [
      [plain, undefined],
      [{ ...plain, tls: tlsOf(certificate) }, certificate.thumbprint],
    ] as const) {
      await using stage = await stageOf(client)
      await useEverything(stage)
      assert.deepEqual([stage.authority.problems, stage.api.problems], [[], []])
      for (const { origin, path, certificate: proof } of backChannel(stage)) {
        assert.deepEqual([origin, proof], [stage.authority.twin, expected], path)
      }
      // No token of this client is bound to the certificate: no API has to see it.
      assert.deepEqual(
        new Set(stage.api.calls.map((call) => call.certificate)),
        new Set([undefined]),
      )
    }
  })

  test('SP-NET-10 MTLS-08 are left alone by everybody else', async () => {
    await using stage = await stageOf({ client_id: 'bank', keys: [CLIENT_KEY] })
    await useEverything(stage)
    for (const { origin, path } of stage.authority.received) {
      assert.equal(origin, stage.authority.issuer, path)
    }
  })

  test('SP-NET-01 without TLS, or without sense, are never called, nor is anything instead', async () => {
    for (const alias of ['http://localhost:1/token', 'localhost', '', 7, null]) {
      for (const name of ['token_endpoint', 'userinfo_endpoint']) {
        await using stage = await stageOf(allByCertificate)
        stage.authority.metadata = { mtls_endpoint_aliases: { [name]: alias } }
        const answer = await new TestBrowser().open(`${stage.origin}/bff/login`)
        assert.equal(answer.status, 503, String(alias))
        assert.deepEqual(backChannel(stage), [], String(alias))
      }
    }
  })

  test('SP-CL-08 give nonces of their own', async () => {
    await using stage = await stageOf({ ...allByCertificate, senderConstraint: 'dpop' })
    stage.authority.nonce = 'of the twin'
    await loggedIn(stage)
    assert.deepEqual(stage.authority.problems, [])
    assert.deepEqual(
      stage.authority.received.filter(({ path }) => path === '/par').map(({ origin }) => origin),
      [stage.authority.twin, stage.authority.twin],
    )
  })
})

describe('the certificate of the client is shown to nobody else:', () => {
  test('SP-NET-01 not where an endpoint redirects to', async () => {
    const shown: unknown[] = []
    const evil = await serve((request, response) => {
      shown.push(shownCertificate(request))
      json(response, 200, { access_token: 'evil', token_type: 'Bearer' })
    })
    for (const status of [301, 302, 303, 307, 308]) {
      await using stage = await stageOf(allByCertificate)
      const browser = new TestBrowser()
      const back = await stage.authority.answer(await stage.begin(browser))
      stage.authority.faults.set('/token', (_request, response) => {
        response.writeHead(status, { location: `${evil.origin}/token` }).end()
      })
      assert.ok((await browser.open(back, 'cross-site')).status >= 400, String(status))
    }
    await evil.close()
    assert.deepEqual(shown, [])
  })

  test('SP-NET-01 not where an API redirects to', async () => {
    let strangers = 0
    const evil = await serve((_request, response) => {
      strangers += 1
      response.end()
    })
    await using stage = await stageOf(allByCertificate)
    const browser = await loggedIn(stage)
    stage.api.handler = (_request, response) => {
      response.writeHead(307, { location: `${evil.origin}/` }).end()
    }
    const answer = await browser.call(`${stage.origin}/api/x`)
    await evil.close()
    assert.deepEqual([answer.status, answer.headers.location, strangers], [307, undefined, 0])
  })

  test('not to an API that gets no token, not even over a connection that has shown it', async () => {
    await using stage = await stageOf(allByCertificate)
    const browser = await loggedIn(stage)
    const stranger = new TestBrowser()
    await browser.call(`${stage.origin}/api/x`)
    await browser.call(`${stage.origin}/public/x`)
    await stranger.call(`${stage.origin}/news/x`)
    await browser.call(`${stage.origin}/news/x`)
    const { thumbprint } = certificate
    assert.deepEqual(
      stage.api.calls.map((call) => call.certificate),
      [thumbprint, undefined, undefined, thumbprint],
    )
  })
})

test('diagnostics name the certificate, and tell nothing of its key', async () => {
  await using stage = await stageOf(allByCertificate, { bff: { development: true } })
  const { status, body } = await new TestBrowser().open(`${stage.origin}/bff/diagnostics`)
  assert.equal(status, 200)
  assert.ok(body.includes(certificate.thumbprint))
  assert.doesNotMatch(body, /PRIVATE|BEGIN/)
})

describe('tokens that are bound to a certificate', () => {
  test('MTLS-07 are asked only of a server that says it binds them', async () => {
    for (const announced of [undefined, false, 'true']) {
      await using stage = await stageOf(allByCertificate)
      stage.authority.metadata = { tls_client_certificate_bound_access_tokens: announced }
      const answer = await new TestBrowser().open(`${stage.origin}/bff/login`)
      assert.equal(answer.status, 503)
      assert.deepEqual(backChannel(stage), [])
    }
  })

  test('SP-CF-09 are of type Bearer; of another type they are not taken', async () => {
    for (const type of ['DPoP', 'mac', 'N_A']) {
      await using stage = await stageOf(allByCertificate)
      stage.authority.tokenAnswer = { token_type: type }
      const browser = new TestBrowser()
      const back = await stage.authority.answer(await stage.begin(browser))
      assert.equal((await browser.open(back, 'cross-site')).status, 400, type)
      assert.equal(await stage.store.count(stage.clock.now()), 0)
    }
  })

  test('MTLS-11 are renewed before they are used with another certificate', async () => {
    await using stage = await stageOf(allByCertificate)
    const browser = await loggedIn(stage)
    const other = await stage.another({
      client: { ...allByCertificate, tls: tlsOf(renewed) },
    })
    browser.cookies.set(other, browser.jar(stage.origin))
    assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 200)
    assert.equal((await browser.call(`${other}/api/x`)).status, 200)
    assert.deepEqual(
      stage.api.calls.map((call) => [call.headers.authorization, call.certificate]),
      [
        ['Bearer token-1', certificate.thumbprint],
        ['Bearer token-2', renewed.thumbprint],
      ],
    )
  })

  test('SP-CL-03 are never mixed up with those bound to proofs, when the configuration changes', async () => {
    await using stage = await stageOf({ ...allByCertificate, senderConstraint: 'dpop' })
    const browser = await loggedIn(stage)
    const other = await stage.another({ client: allByCertificate })
    browser.cookies.set(other, browser.jar(stage.origin))
    assert.equal((await browser.call(`${other}/api/x`)).status, 200)
    assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 200)
    assert.deepEqual(
      stage.api.calls.map(({ headers }) => headers.authorization),
      ['Bearer token-2', 'DPoP token-3'],
    )
    assert.deepEqual([stage.authority.problems, stage.api.problems], [[], []])
  })

  test('SP-CL-06 are renewed when an API refuses one', async () => {
    await using stage = await stageOf(allByCertificate)
    const browser = await loggedIn(stage)
    stage.api.refused.add('token-1')
    assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 200)
    assert.equal(stage.api.calls.at(-1)?.headers.authorization, 'Bearer token-2')
  })

  test('go with uploads that cannot be sent twice', async () => {
    await using stage = await stageOf(allByCertificate)
    const browser = await loggedIn(stage)
    const body = randomBytes(200_000)
    const answer = await browser.call(`${stage.origin}/api/upload`, { method: 'POST', body })
    assert.equal(answer.status, 200)
    assert.deepEqual(
      stage.api.calls.map(({ method, certificate: proof }) => [method, proof]),
      [
        ['HEAD', certificate.thumbprint],
        ['POST', certificate.thumbprint],
      ],
    )
  })

  test('open WebSockets, over a connection with the certificate', async () => {
    await using stage = await stageOf(allByCertificate)
    const browser = await loggedIn(stage)
    const seen: unknown[] = []
    stage.api.server?.on('upgrade', (request, socket: Duplex) => {
      seen.push(request.headers.authorization, request.headers['dpop'], shownCertificate(request))
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\n',
      )
      socket.on('error', () => undefined)
    })
    const { status, socket } = await openSocket(stage, browser, {})
    socket?.destroy()
    assert.equal(status, 101)
    assert.deepEqual(seen, ['Bearer token-1', undefined, certificate.thumbprint])
  })
})
