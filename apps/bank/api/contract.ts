/** What the bank's API speaks: JSON with these names, amounts in whole cents. */

/** Whole cents of a euro; negative where money leaves. */
export type Cents = number

export type AccountKind = 'current' | 'savings'

export interface Account {
  readonly id: string
  readonly kind: AccountKind
  readonly iban: string
  readonly currency: 'EUR'
  readonly balance: Cents
}

export type Category =
  | 'salary'
  | 'rent'
  | 'groceries'
  | 'energy'
  | 'phone'
  | 'travel'
  | 'eating-out'
  | 'books'
  | 'insurance'
  | 'savings'
  | 'interest'
  | 'payment'

export interface Transaction {
  readonly id: string
  /** `2026-11-05` */
  readonly bookedOn: string
  readonly counterparty: string
  readonly category: Category
  readonly amount: Cents
  /** In the words of whoever paid. */
  readonly purpose?: string
}

/** `GET /accounts` */
export interface AccountList {
  readonly accounts: readonly Account[]
}

/** `GET /accounts/:id/transactions`, the newest first. */
export interface TransactionList {
  readonly account: Account
  readonly transactions: readonly Transaction[]
}

/** `POST /payments`, with an `Idempotency-Key`. */
export interface PaymentOrder {
  /** The id of an account. */
  readonly from: string
  readonly recipient: string
  readonly iban: string
  readonly amount: Cents
  readonly purpose?: string
}

export interface PaymentReceipt {
  readonly id: string
  readonly order: PaymentOrder
  readonly bookedOn: string
  /** Of the account it left. */
  readonly balance: Cents
}

/** What is wrong with one member of a payment order. */
export interface FieldProblem {
  readonly field: keyof PaymentOrder
  readonly code:
    | 'missing'
    | 'not_an_account'
    | 'not_for_payments'
    | 'too_long'
    | 'forbidden_characters'
    | 'not_an_iban'
    | 'not_an_amount'
    | 'too_much'
    | 'not_covered'
  readonly says: string
}

/** @see RFC 9457 */
export interface ProblemDocument {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly errors?: readonly FieldProblem[]
}
