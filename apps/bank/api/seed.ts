import { createHash } from 'node:crypto'
import type { Category, Cents, Transaction } from './contract.ts'
import { germanIban } from './iban.ts'

/** An account with everything that was ever booked on it, the newest first. */
export interface Book {
  readonly id: string
  readonly kind: 'current' | 'savings'
  readonly iban: string
  readonly opening: Cents
  readonly transactions: readonly Transaction[]
}

interface Habit {
  readonly day: number
  readonly counterparty: string
  readonly category: Category
  readonly amount: Cents
  /** By how much the amount differs from month to month, up or down. */
  readonly swing?: Cents
  /** Not in every month: in those whose number leaves this rest by this divisor. */
  readonly only?: readonly [divisor: number, rest: number]
}

const MONTHS = 5
/** Nobody's: the Bundesbank has not given it to a bank. */
const BANK_CODE = '99950010'

const CURRENT: readonly Habit[] = [
  { day: 1, counterparty: 'Elbe Wohnen eG', category: 'rent', amount: -1_140_00 },
  { day: 2, counterparty: 'Meridian Reserve', category: 'savings', amount: -250_00 },
  { day: 3, counterparty: 'Markthalle Ost', category: 'groceries', amount: -64_35, swing: 18_20 },
  { day: 5, counterparty: 'Nordstrom Energie', category: 'energy', amount: -87_00 },
  { day: 8, counterparty: 'Café Kompass', category: 'eating-out', amount: -11_40, swing: 4_60 },
  { day: 10, counterparty: 'Markthalle Ost', category: 'groceries', amount: -52_80, swing: 15_10 },
  { day: 12, counterparty: 'Fernruf Mobil', category: 'phone', amount: -19_99 },
  {
    day: 14,
    counterparty: 'Hanse Versicherung',
    category: 'insurance',
    amount: -46_20,
    only: [3, 1],
  },
  {
    day: 16,
    counterparty: 'Buchhandlung Lindner',
    category: 'books',
    amount: -27_90,
    swing: 9_00,
    only: [2, 0],
  },
  { day: 17, counterparty: 'Markthalle Ost', category: 'groceries', amount: -71_15, swing: 20_30 },
  { day: 19, counterparty: 'Küstenbahn', category: 'travel', amount: -49_00 },
  {
    day: 22,
    counterparty: 'Trattoria Levante',
    category: 'eating-out',
    amount: -38_50,
    swing: 12_00,
  },
  { day: 24, counterparty: 'Markthalle Ost', category: 'groceries', amount: -58_60, swing: 16_40 },
  { day: 26, counterparty: 'Wonderland Studios GmbH', category: 'salary', amount: 3_184_22 },
]

const SAVINGS: readonly Habit[] = [
  { day: 2, counterparty: 'Meridian Giro', category: 'savings', amount: 250_00 },
  { day: 28, counterparty: 'Meridian Bank', category: 'interest', amount: 21_37, swing: 1_80 },
]

/** The accounts of a person who has been here for some months, always the same for the same person on the same day. */
export function booksOf(subject: string, today: Date): readonly Book[] {
  const number = createHash('sha256').update(subject).digest().readUInt32BE(0)
  return [
    {
      id: 'giro',
      kind: 'current',
      iban: germanIban(BANK_CODE, String(number).slice(0, 9)),
      opening: 1_962_80,
      transactions: history(CURRENT, number, today),
    },
    {
      id: 'reserve',
      kind: 'savings',
      iban: germanIban(BANK_CODE, `7${String(number).slice(0, 9)}`),
      opening: 14_250_00,
      transactions: history(SAVINGS, number + 1, today),
    },
  ]
}

function history(habits: readonly Habit[], number: number, today: Date): readonly Transaction[] {
  const year = today.getUTCFullYear()
  const month = today.getUTCMonth()
  const end = dateText(today)
  return Array.from({ length: MONTHS }, (_, ago) => new Date(Date.UTC(year, month - ago, 1)))
    .flatMap((first) =>
      habits
        .filter(({ only: [divisor, rest] = [1, 0] }) => first.getUTCMonth() % divisor === rest)
        .map((habit) => booked(habit, first, number)),
    )
    .filter(({ bookedOn }) => bookedOn <= end)
    .toSorted((one, other) => other.bookedOn.localeCompare(one.bookedOn))
}

function booked(
  { day, counterparty, category, amount, swing = 0 }: Habit,
  first: Date,
  number: number,
): Transaction {
  const date = new Date(first)
  date.setUTCDate(day)
  const bookedOn = dateText(date)
  // Looks like chance, and is the same at every start.
  const chance = (number + day * 7_919 + first.getUTCMonth() * 104_729) % (2 * swing + 1)
  return {
    id: `${bookedOn}-${counterparty.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`,
    bookedOn,
    counterparty,
    category,
    amount: amount + chance - swing,
  }
}

export function dateText(date: Date): string {
  return date.toISOString().slice(0, 10)
}
