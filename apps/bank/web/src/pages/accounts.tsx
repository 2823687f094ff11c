import { useState, type ReactElement } from 'react'
import type { Account, Transaction } from '../../../api/contract.ts'
import { accounts, transactions, type Person } from '../bank.ts'
import { dayOf, euros, monthOf, spacedIban, texts } from '../language.ts'
import { Money } from '../parts/money.tsx'
import { Loading, Problem } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { useLoaded } from '../use-loaded.ts'

const words = texts.accounts
/** So many are shown at first, and so many more on demand. */
const MONTHS = 2

interface Overview {
  readonly account: Account
  readonly transactions: readonly Transaction[]
}

async function overview(): Promise<readonly Overview[]> {
  const all = await accounts()
  return Promise.all(
    all.map(async (account) => ({
      account,
      transactions: (await transactions(account.id)).transactions,
    })),
  )
}

/** The accounts, and the transactions of one of them. */
export function Accounts({ person }: { readonly person: Person }): ReactElement {
  const { value, problem } = useLoaded(overview)
  const [chosen, setChosen] = useState<string>()
  const shown = value?.find(({ account }) => account.id === chosen) ?? value?.[0]
  return (
    <Page title={words.title(person.name.split(' ')[0] ?? person.name)}>
      <Problem code={problem} />
      {value === undefined && problem === undefined && <Loading />}
      {value !== undefined && (
        <div className="overview">
          <ul className="accounts" aria-label={words.choose}>
            {value.map(({ account }) => (
              <li key={account.id}>
                <button
                  type="button"
                  className="account"
                  aria-pressed={account.id === shown?.account.id}
                  onClick={() => setChosen(account.id)}
                >
                  <AccountFace account={account} />
                </button>
              </li>
            ))}
          </ul>
          {shown !== undefined && <Statement key={shown.account.id} {...shown} />}
        </div>
      )}
    </Page>
  )
}

function AccountFace({ account }: { readonly account: Account }): ReactElement {
  return (
    <>
      <span className="kind">{words.kinds[account.kind]}</span>
      <span className="balance">
        <span className="unseen">{words.balance} </span>
        {euros(account.balance)}
      </span>
      <span className="iban">{spacedIban(account.iban)}</span>
    </>
  )
}

function Statement({ account, transactions: all }: Overview): ReactElement {
  const months = [...Map.groupBy(all, ({ bookedOn }) => bookedOn.slice(0, 7))]
  const [shown, setShown] = useState(MONTHS)
  return (
    <section className="statement" aria-live="polite">
      <h2>{words.transactions(words.kinds[account.kind])}</h2>
      {months.slice(0, shown).map(([month, booked]) => (
        <section key={month}>
          <h3>{monthOf(`${month}-01`)}</h3>
          <ul>
            {booked.map((transaction) => (
              <li className="transaction" key={transaction.id}>
                <span className="who">
                  <span className="counterparty">{transaction.counterparty}</span>
                  <span className="what">
                    {transaction.purpose ?? words.categories[transaction.category]}
                  </span>
                </span>
                <time dateTime={transaction.bookedOn}>{dayOf(transaction.bookedOn)}</time>
                <Money cents={transaction.amount} />
              </li>
            ))}
          </ul>
        </section>
      ))}
      {months.length > shown && (
        <button
          className="button secondary"
          id="earlier"
          type="button"
          onClick={() => setShown(shown + MONTHS)}
        >
          {words.earlier}
        </button>
      )}
    </section>
  )
}
