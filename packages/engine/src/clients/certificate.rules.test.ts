import { generateSigningKey } from '@signet/protocol'
import { proveRule } from '@signet/protocol/testing'
import type { Service } from '../config.ts'
import { SERVICE } from '../testing/index.ts'
import { MUTUAL_TLS } from '../testing/mutual-tls.ts'
import { certificateRegistrationRules } from './certificate.rules.ts'
import type { Registration } from './metadata.ts'

const WITH_CERTIFICATES: Service = { ...SERVICE, mtls: MUTUAL_TLS }
const CLIENT = {
  client_id: 'web',
  redirect_uris: ['https://web.example/cb'],
  jwks: { keys: [generateSigningKey('ES256').publicJwk] },
}
const by = (
  method: string | undefined,
  change: object = {},
  service: Service = WITH_CERTIFICATES,
): Registration => ({
  metadata: { ...CLIENT, token_endpoint_auth_method: method, ...change },
  service,
})
const named = (change: object): Registration => by('tls_client_auth', change)
const subject = { tls_client_auth_subject_dn: 'CN=web,O=Example,C=DE' }
const host = { tls_client_auth_san_dns: 'web.example' }
const bound = { tls_client_certificate_bound_access_tokens: true }

proveRule(certificateRegistrationRules, 'MTLS-07', {
  good: named({ ...subject, ...bound }),
  refuses: {
    'tokens bound to certificates that nobody asks for': by(undefined, bound, SERVICE),
    'tls_client_auth where nobody asks for certificates': by('tls_client_auth', host, SERVICE),
    'self_signed_tls_client_auth where nobody asks for certificates': by(
      'self_signed_tls_client_auth',
      {},
      SERVICE,
    ),
  },
})

proveRule(certificateRegistrationRules, 'MTLS-12', {
  good: by('self_signed_tls_client_auth', {}, withoutAuthorities()),
  refuses: {
    'tls_client_auth where nobody is trusted': by('tls_client_auth', host, withoutAuthorities()),
  },
})

function withoutAuthorities(): Service {
  return { ...SERVICE, mtls: { ...MUTUAL_TLS, trustedAuthorities: [] } }
}

proveRule(certificateRegistrationRules, 'MTLS-02', {
  good: named({ tls_client_auth_san_ip: ['192.0.2.7', '2001:db8::7'] }),
  refuses: {
    'tls_client_auth without a name': named({}),
    'two kinds of names': named({ ...subject, ...host }),
    'two kinds of names, one of them of several values': named({
      ...subject,
      tls_client_auth_san_uri: ['https://web.example/a', 'https://web.example/b'],
    }),
    'a distinguished name that is none': named({ tls_client_auth_subject_dn: 'web.example' }),
    'a distinguished name with an unknown attribute': named({
      tls_client_auth_subject_dn: 'CN=web,NOSUCH=x',
    }),
    'a host with a wildcard': named({ tls_client_auth_san_dns: '*.example' }),
    'a host that is an address': named({ tls_client_auth_san_dns: '192.0.2.7' }),
    'a host with a port': named({ tls_client_auth_san_dns: 'web.example:443' }),
    'a relative URI': named({ tls_client_auth_san_uri: '/web' }),
    'an address that is a host': named({ tls_client_auth_san_ip: 'web.example' }),
    'a network': named({ tls_client_auth_san_ip: '192.0.2.0/24' }),
    'a mailbox without domain': named({ tls_client_auth_san_email: 'web' }),
    'one of several values that is none': named({
      tls_client_auth_san_dns: ['web.example', '*.example'],
    }),
    'a name of 100,000 characters': named({
      tls_client_auth_san_uri: `https://web.example/${'x'.repeat(100_000)}`,
    }),
  },
})
