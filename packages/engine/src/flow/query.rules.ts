import { enforce, invalidRequest, parseForm, type Form, type Rules } from '@signet/protocol'
import { repeated, repeatedParameter } from '../repeated-parameter.ts'

interface Query {
  /** Undefined when the query is no form. */
  readonly form: Form | undefined
}

interface WellFormedQuery extends Query {
  readonly form: Form
}

/** What the query of any front-channel request must respect before anything in it counts. */
export const queryRules: Rules<Query, WellFormedQuery> = [
  {
    id: 'OAU-05',
    reason: 'query_malformed',
    says: 'answers bad input with an error of whoever sent it',
    holds: ({ form }) => form !== undefined,
    otherwise: invalidRequest('the query is not well-formed'),
    expected: () => 'percent-encoded UTF-8 name=value pairs',
    received: () => 'an incomplete percent-encoding, or bytes that are not UTF-8',
    remedy: 'Build the URL with the URL encoder of your platform.',
  },
  {
    id: 'OAU-01',
    reason: 'parameter_repeated',
    says: 'refuses a parameter that occurs more than once',
    holds: ({ form }) => repeated(form) === undefined,
    otherwise: invalidRequest('a parameter occurs more than once'),
    expected: () => 'every parameter at most once',
    received: ({ form }) => repeatedParameter(form),
    remedy: 'Send the parameter once.',
  },
]

/**
 * The query of a front-channel request as a form, in the order of the wire.
 *
 * @throws Refused `invalid_request` when it is none, or repeats a parameter.
 */
export function readQuery(query: string): Form {
  return enforce(queryRules, { form: wellFormed(query) }).form
}

function wellFormed(query: string): Form | undefined {
  try {
    return parseForm(query)
  } catch {
    return undefined
  }
}
