import { enforce, Refused, type Rules } from '@signet/protocol'
import assert from 'node:assert/strict'
import { test } from 'node:test'

/** Like `proveRule`, where several rules of a list share the requirement they come from: they are told apart by reason. */
export function proveReason<S, A extends S>(
  rules: Rules<S, A>,
  reason: string,
  { good, refuses }: { readonly good: S; readonly refuses: Readonly<Record<string, S>> },
): void {
  const others: Rules<S, A> = rules.filter((rule) => rule.reason !== reason)
  const id = rules.find((rule) => rule.reason === reason)?.id
  test(`${id} ${reason} is a rule, and the good subject respects them all`, () => {
    assert.equal(others.length, rules.length - 1)
    assert.equal(enforce(rules, good), good)
  })
  for (const [title, subject] of Object.entries(refuses)) {
    test(`${id} ${reason} refuses ${title}`, () => {
      assert.throws(
        () => enforce(rules, subject),
        (error) => error instanceof Refused && error.evidence.reason === reason,
      )
      assert.equal(enforce(others, subject), subject, 'another rule refuses this case too')
    })
  }
}
