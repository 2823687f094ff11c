import assert from 'node:assert/strict'
import dns from 'node:dns'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { syncBuiltinESMExports } from 'node:module'
import { isIP, type AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import {
  createAuthority,
  LOOPBACK,
  selfSigned,
  type Authority,
  type Credential,
} from '../testing/certificates.ts'
import {
  createFetch,
  createPost,
  FetchFailed,
  type Fetch,
  type FetchFailure,
  type Post,
} from './outgoing.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

let authority: Authority
let good: Credential
const cleanups: (() => void)[] = []
before(async () => {
  authority = await createAuthority()
  good = await authority.issue(LOOPBACK)
})
after(() => {
  for (const cleanup of cleanups) cleanup()
})

/** An https server on a free port of the loopback; counts the requests it gets to see. */
async function serve(handler: Handler, { certificate, key }: Credential = good): Promise<Served> {
  const served = { requests: 0, port: 0 }
  const server = createServer({ cert: certificate, key }, (request, response) => {
    served.requests += 1
    handler(request, response)
  })
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => {
    server.close()
    server.closeAllConnections()
  })
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port
  served.port = (server.address() as AddressInfo).port
  return served
}
interface Served {
  readonly requests: number
  readonly port: number
}

function fetching(allowPrivateHosts: readonly string[] = ['localhost', '127.0.0.1']): Fetch {
  return createFetch({ allowPrivateHosts, trustedCas: [authority.certificate] })
}

const failsBy = (reason: FetchFailure) => (error: unknown) => {
  assert.ok(error instanceof FetchFailed, String(error))
  assert.equal(error.reason, reason, error.message)
  return true
}

describe('PKJ-13 a fetch of what somebody else wrote', () => {
  test('PKJ-13 gives the body, and how long it may be kept', async () => {
    const { port } = await serve((_, response) => {
      response.setHeader('cache-control', 'public, max-age=120').end('{"keys":[]}')
    })
    const fetched = await fetching()(`https://localhost:${port}/jwks`)
    assert.deepEqual(fetched, { body: '{"keys":[]}', maxAge: 120 })
  })

  for (const [header, maxAge] of [
    ['no-store', 0],
    ['private, no-cache', 0],
    ['max-age=junk', undefined],
    ['s-maxage=5', undefined],
  ] as const) {
    test(`understands Cache-Control: ${header}`, async () => {
      const { port } = await serve((_, response) => {
        response.setHeader('cache-control', header).end('')
      })
      assert.equal((await fetching()(`https://localhost:${port}/`)).maxAge, maxAge)
    })
  }

  test('PKJ-13 follows no redirect', async () => {
    const target = await serve((_, response) => response.end('{}'))
    const { port } = await serve((_, response) => {
      response.writeHead(302, { location: `https://localhost:${target.port}/` }).end()
    })
    await assert.rejects(fetching()(`https://localhost:${port}/`), failsBy('status'))
    assert.equal(target.requests, 0)
  })

  test('PKJ-13 takes 200 only', async () => {
    const { port } = await serve((_, response) => response.writeHead(500).end('{"keys":[]}'))
    await assert.rejects(fetching()(`https://localhost:${port}/`), failsBy('status'))
  })

  test('PKJ-13 stops reading at 64 KiB', async () => {
    let sent = 0
    const { port } = await serve((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536))) sent += 65_536
      }
      response.on('drain', more)
      more()
    })
    await assert.rejects(fetching()(`https://localhost:${port}/`), failsBy('too_large'))
    assert.ok(sent < 64 * 1_048_576)
  })

  test('PKJ-13 takes exactly 64 KiB', async () => {
    const { port } = await serve((_, response) => response.end('x'.repeat(65_536)))
    assert.equal((await fetching()(`https://localhost:${port}/`)).body.length, 65_536)
  })

  test('PKJ-13 waits three seconds and no longer, however the answer drips', async () => {
    const { port } = await serve((_, response) => {
      const drip = setInterval(() => response.write(' '), 200)
      response.on('close', () => clearInterval(drip))
    })
    const begun = performance.now()
    await assert.rejects(fetching()(`https://localhost:${port}/`), failsBy('timeout'))
    assert.ok(performance.now() - begun < 4_500)
  })

  test('PKJ-13 reports a closed port', async () => {
    const { port } = await serve(() => {})
    cleanups.at(-1)?.()
    await assert.rejects(fetching()(`https://localhost:${port}/`), failsBy('network'))
  })
})

describe('PKJ-13 an address of our own network', () => {
  test('PKJ-13 is refused by name, and no connection is made', async () => {
    const { port } = await serve((_, response) => response.end('{}'))
    const fetch = fetching([])
    await assert.rejects(fetch(`https://localhost:${port}/`), failsBy('private_address'))
  })

  for (const host of [
    '127.0.0.1',
    '[::1]',
    '2130706433',
    '0x7f.1',
    '169.254.169.254',
    '10.0.0.1',
  ]) {
    test(`PKJ-13 is refused as ${host}`, async () => {
      await assert.rejects(fetching([])(`https://${host}:1/`), failsBy('private_address'))
    })
  }

  for (const addresses of [
    ['192.0.9.1', '127.0.0.1'],
    ['127.0.0.1', '192.0.9.1'],
    ['2600::1', '::ffff:127.0.0.1'],
  ]) {
    test(`PKJ-13 is refused when a name stands for ${addresses.join(' and ')}`, async (t) => {
      const { port } = await serve((_, response) => response.end('{}'))
      t.mock.method(
        dns,
        'lookup',
        (_: string, __: object, callback: (...found: unknown[]) => void) =>
          callback(
            null,
            addresses.map((address) => ({ address, family: isIP(address) })),
          ),
      )
      syncBuiltinESMExports()
      t.after(() => {
        t.mock.restoreAll()
        syncBuiltinESMExports()
      })
      const url = `https://jwks.example:${port}/`
      await assert.rejects(fetching([])(url), failsBy('private_address'))
    })
  }

  test('PKJ-13 is allowed at the port of https by its number, too', async () => {
    const url = 'https://localhost:443/'
    await assert.rejects(fetching(['localhost:444'])(url), failsBy('private_address'))
    await assert.rejects(
      fetching(['localhost:443'])(url),
      (error) => error instanceof FetchFailed && error.reason !== 'private_address',
    )
  })

  test('PKJ-13 is allowed where the operator named host and port, and only there', async () => {
    const named = await serve((_, response) => response.end('{}'))
    const other = await serve((_, response) => response.end('{}'))
    const fetch = fetching([`localhost:${named.port}`])
    assert.equal((await fetch(`https://localhost:${named.port}/`)).body, '{}')
    await assert.rejects(fetch(`https://localhost:${other.port}/`), failsBy('private_address'))
    assert.equal(other.requests, 0)
  })
})

describe('SP-NET-05 a server without a certificate for its name', () => {
  const refusedBy = async (credential: Credential, fetch = fetching()): Promise<void> => {
    const served = await serve((_, response) => response.end('{}'), credential)
    await assert.rejects(fetch(`https://localhost:${served.port}/`), failsBy('tls'))
    assert.equal(served.requests, 0, 'a request was sent')
  }

  test('SP-NET-05 is refused when the name is another', async () => {
    await refusedBy(await authority.issue({ names: [{ type: 'dns', value: 'other.example' }] }))
  })
  test('SP-NET-05 is refused when only the common name fits', async () => {
    await refusedBy(await authority.issue({ names: [], commonName: 'localhost' }))
  })
  test('SP-NET-05 is refused when self-signed', async () => {
    await refusedBy(await selfSigned(LOOPBACK))
  })
  test('SP-NET-05 is refused when signed by an authority we do not know', async () => {
    const stranger = await createAuthority()
    await refusedBy(await stranger.issue(LOOPBACK))
  })
  test('SP-NET-05 is refused when expired', async () => {
    await refusedBy(await authority.issue({ ...LOOPBACK, age: 10, lifetime: 9 }))
  })
  test('SP-NET-05 is refused when not valid yet', async () => {
    await refusedBy(await authority.issue({ ...LOOPBACK, age: -1 }))
  })
  test('SP-NET-05 is refused whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
    const earlier = process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    try {
      await refusedBy(await selfSigned(LOOPBACK))
    } finally {
      if (earlier === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = earlier
    }
  })
})

describe('SP-NET-01 SP-CR-08 an address that is not https', () => {
  for (const url of [
    'http://localhost/',
    'https://u:p@localhost/',
    'file:///etc/passwd',
    'data:,{}',
    'x',
  ]) {
    test(`SP-NET-01 SP-CR-08 is refused: ${url}`, async () => {
      await assert.rejects(fetching()(url), failsBy('not_https'))
    })
  }
})

describe('LOG-10 a delivery to an address that somebody else chose', () => {
  const posting = (allowPrivateHosts: readonly string[] = ['localhost']): Post =>
    createPost({ allowPrivateHosts, trustedCas: [authority.certificate] })
  const FORM = { logout_token: 'a.b.c', odd: 'ü&=' }

  for (const [url, reason] of [
    ['http://localhost/', 'not_https'],
    ['https://user:pass@localhost/', 'not_https'],
    ['https://10.0.0.1/', 'private_address'],
    ['https://[::1]/', 'private_address'],
    ['https://169.254.169.254/', 'private_address'],
    ['https://localhost:1/', 'private_address'],
  ] as const) {
    test(`LOG-10 goes not to ${url}`, async () => {
      await assert.rejects(posting([])(url, FORM), failsBy(reason))
    })
  }

  test('LOG-10 follows no redirect, and tells which answer it got', async () => {
    const target = await serve((_, response) => response.end())
    const { port } = await serve((_, response) => {
      response.writeHead(307, { location: `https://localhost:${target.port}/` }).end()
    })
    await assert.rejects(posting()(`https://localhost:${port}/`, FORM), (error) => {
      assert.ok(error instanceof FetchFailed)
      assert.deepEqual([error.reason, error.status], ['status', 307])
      return true
    })
    assert.equal(target.requests, 0)
  })

  test('LOG-10 goes to nobody whose certificate is not good', async () => {
    const served = await serve((_, response) => response.end(), await selfSigned(LOOPBACK))
    const url = `https://localhost:${served.port}/`
    await assert.rejects(posting()(url, FORM), failsBy('tls'))
    assert.equal(served.requests, 0)
  })

  test('LOG-10 waits three seconds and no longer', async () => {
    const { port } = await serve(() => {})
    const begun = performance.now()
    await assert.rejects(posting()(`https://localhost:${port}/`, FORM), failsBy('timeout'))
    assert.ok(performance.now() - begun < 4_500)
  })

  for (const status of [200, 204]) {
    test(`LOG-10 is taken with ${status}, and an endless answer is not read`, async () => {
      const received: string[] = []
      const { port } = await serve((request, response) => {
        received.push(`${request.method} ${request.url} ${request.headers['content-type']}`)
        request.on('data', (chunk) => received.push(String(chunk)))
        request.on('end', () => {
          response.writeHead(status)
          if (status === 200) response.write('x'.repeat(65_536))
          else response.end()
        })
      })
      await posting()(`https://localhost:${port}/bcl?x=y`, FORM)
      assert.deepEqual(received, [
        'POST /bcl?x=y application/x-www-form-urlencoded',
        'logout_token=a.b.c&odd=%C3%BC%26%3D',
      ])
    })
  }
})
