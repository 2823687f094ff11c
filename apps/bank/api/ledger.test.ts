import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isIban } from './iban.ts'
import { Ledger } from './ledger.ts'

const ORDER = {
  from: 'giro',
  recipient: 'Bob Example',
  iban: 'DE89 3704 0044 0532 0130 00',
  amount: 12_50,
  purpose: 'Lunch',
}

function open(): Ledger {
  let count = 0
  return new Ledger({
    now: () => new Date('2026-11-21T10:00:00Z'),
    newId: () => `payment-${(count += 1)}`,
  })
}

describe('what a person finds', () => {
  test('is two accounts with a history of several months that explains the balance', () => {
    const ledger = open()
    const accounts = ledger.accounts('alice')
    assert.deepEqual(
      accounts.map(({ kind }) => kind),
      ['current', 'savings'],
    )
    for (const { id, iban, balance } of accounts) {
      assert.ok(isIban(iban))
      assert.ok(Number.isSafeInteger(balance) && balance > 0, String(balance))
      const { transactions = [] } = ledger.transactions('alice', id) ?? {}
      assert.ok(new Set(transactions.map(({ bookedOn }) => bookedOn.slice(0, 7))).size >= 4)
      assert.equal(new Set(transactions.map((each) => each.id)).size, transactions.length)
      const dates = transactions.map(({ bookedOn }) => bookedOn)
      assert.deepEqual(dates, dates.toSorted().toReversed())
      assert.ok(dates.every((date) => date <= '2026-11-21'))
      for (const { amount } of transactions) assert.ok(Number.isSafeInteger(amount))
    }
  })

  test('is the same at every start, and not that of somebody else', () => {
    assert.deepEqual(open().accounts('alice'), open().accounts('alice'))
    assert.notEqual(open().accounts('alice')[0]?.iban, open().accounts('bob')[0]?.iban)
  })

  test('is nothing where the account is not theirs', () => {
    assert.equal(open().transactions('alice', 'other'), undefined)
  })
})

describe('a payment', () => {
  test('moves the money once, and is the newest transaction', () => {
    const ledger = open()
    const before = ledger.accounts('alice')[0]?.balance ?? 0
    const paid = ledger.pay('alice', { order: ORDER, idempotencyKey: 'one' })
    assert.ok(paid.action === 'paid')
    assert.equal(paid.receipt.balance, before - 12_50)
    assert.equal(ledger.accounts('alice')[0]?.balance, before - 12_50)
    assert.deepEqual(ledger.transactions('alice', 'giro')?.transactions[0], {
      id: 'payment-1',
      bookedOn: '2026-11-21',
      counterparty: 'Bob Example',
      category: 'payment',
      amount: -12_50,
      purpose: 'Lunch',
    })
  })

  test('that is sent again under its key is answered again and not made again', () => {
    const ledger = open()
    const first = ledger.pay('alice', { order: ORDER, idempotencyKey: 'one' })
    const again = ledger.pay('alice', {
      order: Object.fromEntries(Object.entries(ORDER).toReversed()),
      idempotencyKey: 'one',
    })
    assert.equal(again.action, 'repeated')
    assert.deepEqual('receipt' in again && again.receipt, 'receipt' in first && first.receipt)
    assert.equal(
      ledger
        .transactions('alice', 'giro')
        ?.transactions.filter(({ id }) => id.startsWith('payment')).length,
      1,
    )
  })

  test('under the key of another payment is refused', () => {
    const ledger = open()
    ledger.pay('alice', { order: ORDER, idempotencyKey: 'one' })
    const other = ledger.pay('alice', { order: { ...ORDER, amount: 1 }, idempotencyKey: 'one' })
    assert.equal(other.action, 'key_reused')
  })

  test('of somebody else knows nothing of that key', () => {
    const ledger = open()
    ledger.pay('alice', { order: ORDER, idempotencyKey: 'one' })
    assert.equal(ledger.pay('bob', { order: ORDER, idempotencyKey: 'one' }).action, 'paid')
  })

  const bad: readonly (readonly [what: string, change: object, field: string, code: string])[] = [
    ['from nowhere', { from: 'other' }, 'from', 'not_an_account'],
    ['from a savings account', { from: 'reserve' }, 'from', 'not_for_payments'],
    ['to nobody', { recipient: ' ' }, 'recipient', 'missing'],
    ['to a number', { recipient: 7 }, 'recipient', 'missing'],
    ['to a name without end', { recipient: 'x'.repeat(71) }, 'recipient', 'too_long'],
    ['to two lines', { recipient: 'Bob\nEve' }, 'recipient', 'forbidden_characters'],
    ['to a mistyped IBAN', { iban: 'DE89370400440532013001' }, 'iban', 'not_an_iban'],
    ['to no text', { iban: null }, 'iban', 'not_an_iban'],
    ['of nothing', { amount: 0 }, 'amount', 'not_an_amount'],
    ['of less than nothing', { amount: -1 }, 'amount', 'not_an_amount'],
    ['of half a cent', { amount: 0.5 }, 'amount', 'not_an_amount'],
    ['of a text', { amount: '100' }, 'amount', 'not_an_amount'],
    ['of no number', { amount: Number.NaN }, 'amount', 'not_an_amount'],
    ['above the limit', { amount: 1_000_001 }, 'amount', 'too_much'],
    ['of more than there is', { amount: 1_000_000 }, 'amount', 'not_covered'],
    ['for no text', { purpose: {} }, 'purpose', 'too_long'],
    ['for a story', { purpose: 'x'.repeat(141) }, 'purpose', 'too_long'],
    ['for hidden signs', { purpose: 'a\u{202e}b' }, 'purpose', 'forbidden_characters'],
  ]
  for (const [what, change, field, code] of bad) {
    test(`${what} is refused, and says so`, () => {
      const ledger = open()
      const before = ledger.accounts('alice')
      const paid = ledger.pay('alice', { order: { ...ORDER, ...change }, idempotencyKey: 'one' })
      assert.ok(paid.action === 'invalid')
      assert.deepEqual(
        paid.problems.map((problem) => [problem.field, problem.code]),
        [[field, code]],
      )
      assert.deepEqual(ledger.accounts('alice'), before)
    })
  }

  test('with several mistakes is told all of them', () => {
    const paid = open().pay('alice', { order: {}, idempotencyKey: 'one' })
    assert.ok(paid.action === 'invalid')
    assert.deepEqual(
      paid.problems.map(({ field }) => field),
      ['from', 'recipient', 'iban', 'amount'],
    )
  })

  test('that was refused can be corrected under the same key', () => {
    const ledger = open()
    ledger.pay('alice', { order: { ...ORDER, amount: 0 }, idempotencyKey: 'one' })
    assert.equal(ledger.pay('alice', { order: ORDER, idempotencyKey: 'one' }).action, 'paid')
  })
})
