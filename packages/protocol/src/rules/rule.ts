import { Refused, type Refusal } from './refusal.ts'

/** A requirement of the register (`docs/requirements.json`), such as `SP-AZ-05`. */
export type RequirementId = `${Uppercase<string>}-${string}`

/** One normative sentence of one specification. */
export interface Rule<Subject> {
  readonly id: RequirementId
  /** A stable name of the breach for logs and metrics, in snake case: `dpop_htu_mismatch`. */
  readonly reason: string
  /** The obligation in our own words, to be read after "The server …". */
  readonly says: string
  /** Whether the subject respects the requirement. Pure: no input, no output, no clock. */
  readonly holds: (subject: Subject) => boolean
  /** What the caller is told otherwise. */
  readonly otherwise: Refusal
  /** What the operator is told: what would have been right, and what came instead. Never a secret. */
  readonly expected: (subject: Subject) => string
  readonly received: (subject: Subject) => string
  /** What to do about it, as an instruction to whoever runs the client. */
  readonly remedy: string
}

declare const accepted: unique symbol

/** Rules in the order they are enforced; a subject that respects them all is an `Accepted`. */
export type Rules<Subject, Accepted extends Subject> = readonly Rule<Subject>[] & {
  readonly [accepted]?: Accepted
}

/**
 * Enforces the rules in order. This is the only place where trust in a subject is raised.
 *
 * @throws Refused with the first broken rule and its evidence.
 */
export function enforce<Subject, Accepted extends Subject>(
  rules: Rules<Subject, Accepted>,
  subject: Subject,
): Accepted {
  for (const rule of rules) if (!rule.holds(subject)) throw broken(rule, subject)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place trust is raised; proved by rule tests
  return subject as Accepted
}

/** Every breach at once, for whoever can mend them all together: configuration, registration. */
export function breaches<Subject>(
  rules: readonly Rule<Subject>[],
  subject: Subject,
): readonly Refused[] {
  return rules.filter((rule) => !rule.holds(subject)).map((rule) => broken(rule, subject))
}

function broken<Subject>(rule: Rule<Subject>, subject: Subject): Refused {
  return new Refused(rule.otherwise, {
    id: rule.id,
    reason: rule.reason,
    expected: rule.expected(subject),
    received: rule.received(subject),
    remedy: rule.remedy,
  })
}
