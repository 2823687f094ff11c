import type { Account, FieldProblem, PaymentReceipt, TransactionList } from './contract.ts'
import { problemsOf, readOrder } from './payment.rules.ts'
import { booksOf, dateText, type Book } from './seed.ts'

/** What came of an order. `repeated`: it was carried out before, under the same key. */
export type Paid =
  | { readonly action: 'paid' | 'repeated'; readonly receipt: PaymentReceipt }
  | { readonly action: 'invalid'; readonly problems: readonly FieldProblem[] }
  | { readonly action: 'key_reused' }

export interface PaymentRequest {
  readonly order: Readonly<Record<string, unknown>>
  /** Of this client's choosing: who repeats it repeats the answer, not the payment. */
  readonly idempotencyKey: string
}

interface Person {
  readonly books: readonly Book[]
  readonly receipts: Map<string, { readonly asked: string; readonly receipt: PaymentReceipt }>
}

export interface LedgerPorts {
  readonly now: () => Date
  readonly newId: () => string
}

/** So many people and payments of each are remembered; the oldest are forgotten. */
const MOST_PEOPLE = 1_000
const MOST_RECEIPTS = 1_000

/** The books of everybody, in memory: a person who is new here finds some months of plausible history. */
export class Ledger {
  readonly #ports: LedgerPorts
  readonly #people = new Map<string, Person>()

  constructor(ports: LedgerPorts) {
    this.#ports = ports
  }

  accounts(subject: string): readonly Account[] {
    return this.#person(subject).books.map(accountOf)
  }

  /** @returns undefined when it is no account of this person */
  transactions(subject: string, accountId: string): TransactionList | undefined {
    const book = this.#person(subject).books.find(({ id }) => id === accountId)
    return book && { account: accountOf(book), transactions: book.transactions }
  }

  /** Moves the money, once per key. */
  pay(subject: string, { order, idempotencyKey }: PaymentRequest): Paid {
    const person = this.#person(subject)
    const asked = JSON.stringify(order, Object.keys(order).toSorted())
    const before = person.receipts.get(idempotencyKey)
    if (before !== undefined) {
      return before.asked === asked
        ? { action: 'repeated', receipt: before.receipt }
        : { action: 'key_reused' }
    }
    const problems = problemsOf({ order, accounts: person.books.map(accountOf) })
    if (problems.length > 0) return { action: 'invalid', problems }
    const receipt = this.#book(subject, person, order)
    remember(person.receipts, { key: idempotencyKey, value: { asked, receipt } }, MOST_RECEIPTS)
    return { action: 'paid', receipt }
  }

  #book(subject: string, person: Person, asked: Readonly<Record<string, unknown>>): PaymentReceipt {
    const order = readOrder(asked)
    const id = this.#ports.newId()
    const bookedOn = dateText(this.#ports.now())
    const { recipient, amount, purpose } = order
    const books = person.books.map((book) => {
      if (book.id !== order.from) return book
      const transaction = {
        id,
        bookedOn,
        counterparty: recipient,
        category: 'payment',
        amount: -amount,
        ...(purpose !== undefined && { purpose }),
      } as const
      return { ...book, transactions: [transaction, ...book.transactions] }
    })
    this.#people.set(subject, { ...person, books })
    const balance = books.map(accountOf).find((account) => account.id === order.from)?.balance ?? 0
    return { id, order, bookedOn, balance }
  }

  #person(subject: string): Person {
    const known = this.#people.get(subject)
    if (known !== undefined) return known
    const person = { books: booksOf(subject, this.#ports.now()), receipts: new Map() }
    remember(this.#people, { key: subject, value: person }, MOST_PEOPLE)
    return person
  }
}

function accountOf({ id, kind, iban, opening, transactions }: Book): Account {
  const balance = transactions.reduce((sum, { amount }) => sum + amount, opening)
  return { id, kind, iban, currency: 'EUR', balance }
}

function remember<Value>(
  map: Map<string, Value>,
  { key, value }: { readonly key: string; readonly value: Value },
  most: number,
): void {
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > most && oldest !== undefined) map.delete(oldest)
}
