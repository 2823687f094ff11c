import { refusal, shown, type Form, type Rules } from '@signet/protocol'
import { repeated, repeatedParameter } from './repeated-parameter.ts'

interface Received {
  readonly contentType: string | undefined
  /** Undefined when the body is no form. */
  readonly form: Form | undefined
}

interface ReceivedForm extends Received {
  readonly form: Form
}

const FORM = 'application/x-www-form-urlencoded'

/** What any request of the back channel must respect before anything in it counts. */
export const formRules: Rules<Received, ReceivedForm> = [
  {
    id: 'PAR-01',
    reason: 'content_type_not_form',
    says: 'takes requests as application/x-www-form-urlencoded only',
    holds: ({ contentType }) => contentType === FORM || mediaType(contentType) === FORM,
    otherwise: refusal(
      'invalid_request',
      'the body must be sent as application/x-www-form-urlencoded',
    ),
    expected: () => 'Content-Type: application/x-www-form-urlencoded',
    received: ({ contentType }) => `Content-Type ${shown(contentType)}`,
    remedy: 'Send the parameters as a form, with this one Content-Type header.',
  },
  {
    id: 'OAU-05',
    reason: 'form_malformed',
    says: 'answers bad input with an error of the client',
    holds: ({ form }) => form !== undefined,
    otherwise: refusal('invalid_request', 'the body is not a well-formed form'),
    expected: () => 'percent-encoded UTF-8 name=value pairs',
    received: () => 'an incomplete percent-encoding, or bytes that are not UTF-8',
    remedy: 'Encode every name and value with the form encoder of your platform.',
  },
  {
    id: 'OAU-01',
    reason: 'parameter_repeated',
    says: 'refuses a parameter that occurs more than once',
    holds: ({ form }) => repeated(form) === undefined,
    otherwise: refusal('invalid_request', 'a parameter occurs more than once'),
    expected: () => 'every parameter at most once, resource excepted',
    received: ({ form }) => repeatedParameter(form),
    remedy: 'Send the parameter once.',
  },
]

function mediaType(contentType: string | undefined): string | undefined {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase()
}
