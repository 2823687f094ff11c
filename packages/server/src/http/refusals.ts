import { invalidRequest, Refused, refusal } from '@signet/protocol'
import type { Headers } from './answer.ts'
import { LARGEST_BODY } from './body.ts'

/** Something the transport refuses before any step sees it, and how HTTP says so. */
export interface TransportRefusal {
  readonly status: number
  readonly headers?: Headers
  readonly refused: Refused
}

export function wrongMethod(method: string, allowed: readonly string[]): TransportRefusal {
  const refused = new Refused(invalidRequest('this method is not allowed here'), {
    id: 'PAR-07',
    reason: 'method_not_allowed',
    expected: allowed.join(' or '),
    received: method,
    remedy: 'Use an allowed method.',
  })
  return { status: 405, headers: { allow: allowed.join(', ') }, refused }
}

export function tooLarge(): TransportRefusal {
  const refused = new Refused(invalidRequest('the request is too large'), {
    id: 'PAR-07',
    reason: 'body_too_large',
    expected: `a body of at most ${LARGEST_BODY} bytes`,
    received: 'more',
    remedy: 'Send less; a request object or an assertion has no reason to be so large.',
  })
  return { status: 413, refused }
}

export function notText(): TransportRefusal {
  const refused = new Refused(invalidRequest('the body is not UTF-8'), {
    id: 'OAU-05',
    reason: 'body_not_utf8',
    expected: 'a body in UTF-8',
    received: 'bytes that are not UTF-8',
    remedy: 'Send the parameters percent-encoded.',
  })
  return { status: 400, refused }
}

export function notFound(path: string): TransportRefusal {
  const refused = new Refused(invalidRequest('there is nothing at this address'), {
    id: 'OAU-05',
    reason: 'path_unknown',
    expected: 'an endpoint of the metadata document',
    received: path,
    remedy: 'Take the endpoints from the metadata document.',
  })
  return { status: 404, refused }
}

export function badUrl(received: string): TransportRefusal {
  const refused = new Refused(invalidRequest('the address is malformed'), {
    id: 'OAU-05',
    reason: 'url_malformed',
    expected: 'a path with valid percent-encoding',
    received,
    remedy: 'Take the endpoints from the metadata document.',
  })
  return { status: 400, refused }
}

/** What Node's parser could not read as HTTP. */
export function badHttp(code: string): TransportRefusal {
  const [status, description] =
    PARSER[code] ?? ([400, 'the request is not well-formed HTTP'] as const)
  const refused = new Refused(invalidRequest(description), {
    id: 'OAU-05',
    reason: 'http_malformed',
    expected: 'HTTP/1.1 with header fields of at most 16 KiB in all, complete within 30 seconds',
    received: code,
    remedy: 'Check what is between the client and this server.',
  })
  return { status, refused }
}

const PARSER: Readonly<Record<string, readonly [status: number, description: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'the header fields are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'the request took too long'],
}

export function notAForm(contentType: string | undefined): TransportRefusal {
  const refused = new Refused(
    invalidRequest('the body must be sent as application/x-www-form-urlencoded'),
    {
      id: 'OAU-05',
      reason: 'content_type_not_form',
      expected: 'Content-Type: application/x-www-form-urlencoded',
      received: contentType ?? 'no Content-Type header',
      remedy: 'Send a form.',
    },
  )
  return { status: 400, refused }
}

export function malformedForm(): TransportRefusal {
  const refused = new Refused(invalidRequest('the form is malformed'), {
    id: 'OAU-05',
    reason: 'form_malformed',
    expected: 'the fields of the page, each once, in percent-encoded UTF-8',
    received: 'something else',
    remedy: 'Use the form of the page.',
  })
  return { status: 400, refused }
}

export function foreignForm(site: string): TransportRefusal {
  const refused = new Refused(invalidRequest('this form was not sent from a page of this server'), {
    id: 'BCP-17',
    reason: 'form_from_elsewhere',
    expected: 'a form sent from our own page',
    received: site,
    remedy: 'Let the user fill in the page of this server; another site cannot do it.',
  })
  return { status: 403, refused }
}

export function wrongPassword(username: 'known' | 'unknown'): Refused {
  return new Refused(refusal('access_denied', 'username and password do not match'), {
    id: 'OIDC-10',
    reason: 'password_wrong',
    expected: 'the password of the user',
    received: `another password, for a username that is ${username}`,
    remedy: 'Let the user try again; signet user add gives a new password.',
  })
}

export function throttled(seconds: number): Refused {
  return new Refused(refusal('temporarily_unavailable', 'too many attempts to log in'), {
    id: 'PAR-07',
    reason: 'login_throttled',
    expected: 'a few attempts to log in',
    received: `so many that ${seconds} s have to pass`,
    remedy:
      'Wait. A browser the user has logged in with before is not affected by the attempts of others.',
  })
}

export function checksBusy(): Refused {
  return new Refused(refusal('temporarily_unavailable', 'too many people log in at this moment'), {
    id: 'PAR-07',
    reason: 'login_busy',
    expected: 'a few passwords to check at once',
    received: 'more than can be checked in a few seconds',
    remedy: 'Wait. If it happens often, add processes or cores.',
  })
}
