import type { Account, FieldProblem, PaymentOrder } from './contract.ts'
import { isIban } from './iban.ts'

/** An order as it came, and the accounts it may be about. */
export interface Asked {
  readonly order: Readonly<Record<string, unknown>>
  readonly accounts: readonly Account[]
}

interface OrderRule extends FieldProblem {
  readonly holds: (asked: Asked) => boolean
}

/** Ten thousand euros: the most one payment moves, in cents. */
const LARGEST_PAYMENT = 1_000_000
const LONGEST_RECIPIENT = 70
const LONGEST_PURPOSE = 140

/** In the order of the form; of each field only the first broken rule is told. @see SEPA Rulebook, AT-21, AT-05 */
const RULES: readonly OrderRule[] = [
  {
    field: 'from',
    code: 'not_an_account',
    says: 'from must be the id of an account of yours',
    holds: (asked) => accountOf(asked) !== undefined,
  },
  {
    field: 'from',
    code: 'not_for_payments',
    says: 'payments leave from the current account',
    holds: (asked) => accountOf(asked)?.kind === 'current',
  },
  {
    field: 'recipient',
    code: 'missing',
    says: 'recipient must be a name',
    holds: ({ order: { recipient } }) => typeof recipient === 'string' && recipient.trim() !== '',
  },
  {
    field: 'recipient',
    code: 'too_long',
    says: `recipient must have at most ${LONGEST_RECIPIENT} characters`,
    holds: ({ order: { recipient } }) => String(recipient).length <= LONGEST_RECIPIENT,
  },
  {
    field: 'recipient',
    code: 'forbidden_characters',
    says: 'recipient must not hold control characters',
    holds: ({ order: { recipient } }) => isPlain(recipient),
  },
  {
    field: 'iban',
    code: 'not_an_iban',
    says: 'iban must be an IBAN whose check digits are right',
    holds: ({ order: { iban } }) => typeof iban === 'string' && isIban(iban),
  },
  {
    field: 'amount',
    code: 'not_an_amount',
    says: 'amount must be a whole number of cents, 1 or more',
    holds: ({ order: { amount } }) => isAmount(amount),
  },
  {
    field: 'amount',
    code: 'too_much',
    says: `amount must be at most ${LARGEST_PAYMENT} cents`,
    holds: ({ order: { amount } }) => Number(amount) <= LARGEST_PAYMENT,
  },
  {
    field: 'amount',
    code: 'not_covered',
    says: 'amount must not be more than the balance of the account',
    holds: (asked) => Number(asked.order['amount']) <= (accountOf(asked)?.balance ?? Infinity),
  },
  {
    field: 'purpose',
    code: 'too_long',
    says: `purpose must be a text of at most ${LONGEST_PURPOSE} characters`,
    holds: ({ order: { purpose = '' } }) =>
      typeof purpose === 'string' && purpose.length <= LONGEST_PURPOSE,
  },
  {
    field: 'purpose',
    code: 'forbidden_characters',
    says: 'purpose must not hold control characters',
    holds: ({ order: { purpose = '' } }) => isPlain(purpose),
  },
]

/** Everything that is wrong with an order; nothing when it can be carried out. */
export function problemsOf(asked: Asked): readonly FieldProblem[] {
  const told = new Set<string>()
  return RULES.filter(({ field, holds }) => {
    if (told.has(field) || holds(asked)) return false
    told.add(field)
    return true
  }).map(({ field, code, says }) => ({ field, code, says }))
}

/** @param order one without problems */
export function readOrder(order: Readonly<Record<string, unknown>>): PaymentOrder {
  const { from, recipient, iban, amount, purpose } = order
  return {
    from: String(from),
    recipient: String(recipient).trim(),
    iban: String(iban).replaceAll(/\s/g, '').toUpperCase(),
    amount: Number(amount),
    ...(typeof purpose === 'string' && purpose.trim() !== '' && { purpose: purpose.trim() }),
  }
}

function accountOf({ order, accounts }: Asked): Account | undefined {
  return accounts.find(({ id }) => id === order['from'])
}

function isAmount(amount: unknown): boolean {
  return typeof amount === 'number' && Number.isSafeInteger(amount) && amount >= 1
}

function isPlain(text: unknown): boolean {
  return !/\p{C}/u.test(String(text))
}
