import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Refused } from '../rules/refusal.ts'
import { enforce, type RequirementId, type Rule, type Rules } from '../rules/rule.ts'

interface Cases<Subject> {
  /** Respects every rule; each case below differs from it in one thing. */
  readonly good: Subject
  readonly refuses: Readonly<Record<string, Subject>>
}

/** What `error_description` may hold. @see RFC 6749 §5.2 */
const DESCRIPTION = /^[\x20-\x21\x23-\x5B\x5D-\x7E]+$/

/** Proves that a rule refuses each case, and that no other rule would have. */
export function proveRule<S, A extends S>(
  rules: Rules<S, A>,
  id: RequirementId,
  cases: Cases<S>,
): void {
  const others: Rules<S, A> = rules.filter((rule) => rule.id !== id)

  describe(id, () => {
    test(`${id} is a rule, and the good subject respects them all`, () => {
      assert.equal(others.length, rules.length - 1)
      assert.equal(enforce(rules, cases.good), cases.good)
    })
    for (const [title, subject] of Object.entries(cases.refuses)) {
      test(`${id} refuses ${title}`, () => {
        assert.throws(
          () => enforce(rules, subject),
          (error) => explains(error, id),
        )
        assert.equal(enforce(others, subject), subject, 'another rule refuses this case too')
      })
    }
  })
}

function explains(error: unknown, id: Rule<never>['id']): boolean {
  assert.ok(error instanceof Refused, String(error))
  assert.equal(error.evidence.id, id)
  assert.match(error.refusal.description, DESCRIPTION)
  for (const told of ['reason', 'expected', 'received', 'remedy'] as const) {
    assert.ok(error.evidence[told].length > 0, `${id} does not say what was ${told}`)
  }
  return true
}
