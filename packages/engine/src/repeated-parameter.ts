import { duplicateName, type Form } from '@signet/protocol'

/** RFC 8707 §2: the one parameter that may occur several times. */
const REPEATABLE: ReadonlySet<string> = new Set(['resource'])

/** The name of a parameter that occurs more than once and must not (RFC 6749 §3.1, §3.2). */
export function repeated(form: Form | undefined): string | undefined {
  return form && duplicateName(form, REPEATABLE)
}

/** What the operator is told of it: a name no protocol has may be a value in the wrong place. */
export function repeatedParameter(form: Form | undefined): string {
  const name = repeated(form) ?? ''
  const named = /^[a-z_-]{1,40}$/.test(name)
  return `${named ? name : `a parameter with a name of ${name.length} characters`} more than once`
}
