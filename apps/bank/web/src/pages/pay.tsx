import { useRef, useState, type ReactElement, type RefObject, type SubmitEvent } from 'react'
import type { Account, FieldProblem, PaymentOrder, PaymentReceipt } from '../../../api/contract.ts'
import { parseAmount } from '../amount.ts'
import { accounts, loginUrl, pay } from '../bank.ts'
import { keepDraft, newDraft, takeDraft, type Draft } from '../draft.ts'
import { euros, language, texts } from '../language.ts'
import { Link } from '../parts/link.tsx'
import { Loading, Problem } from '../parts/notice.tsx'
import { Field } from '../parts/field.tsx'
import { Page } from '../parts/page.tsx'
import { codeOf, useLoaded } from '../use-loaded.ts'

const words = texts.pay
const FIELDS = ['recipient', 'iban', 'amount', 'purpose'] as const
type FieldName = (typeof FIELDS)[number]
type Mistakes = Readonly<Partial<Record<FieldName, FieldProblem['code']>>>

/** Taken once, when the app starts: a payment that waited for a login. */
let resumed: Draft | undefined = takeDraft()

/** A payment, from writing it to having made it. */
export function Pay(): ReactElement {
  const { value: all, problem } = useLoaded(accounts)
  const [receipt, setReceipt] = useState<PaymentReceipt>()
  const account = all?.find(({ kind }) => kind === 'current')
  return (
    <Page
      key={receipt?.id}
      title={receipt === undefined ? words.title : words.done}
      {...(receipt === undefined && { lead: words.lead })}
    >
      <Problem code={problem} />
      {account === undefined && problem === undefined && <Loading />}
      {receipt !== undefined && (
        <Receipt receipt={receipt} onAnother={() => setReceipt(undefined)} />
      )}
      {account !== undefined && receipt === undefined && (
        <PaymentForm account={account} onPaid={setReceipt} />
      )}
    </Page>
  )
}

interface FormProperties {
  readonly account: Account
  readonly onPaid: (receipt: PaymentReceipt) => void
}

/** A payment being written and sent. */
interface Writing {
  readonly draft: Draft
  readonly state: 'writing' | 'sending' | 'stepping-up'
  readonly problem: string | undefined
  readonly mistakes: Mistakes
  readonly form: RefObject<HTMLFormElement | null>
  readonly set: (name: FieldName, value: string) => void
  readonly begin: (draft: Draft) => void
  readonly submit: (event: SubmitEvent) => void
}

function useWriting({ account, onPaid }: FormProperties): Writing {
  const [draft, setDraft] = useState<Draft>(startingDraft)
  const [state, setState] = useState<Writing['state']>('writing')
  const [problem, setProblem] = useState<string>()
  const [mistakes, setMistakes] = useState<Mistakes>({})
  const form = useRef<HTMLFormElement>(null)

  const show = (found: Mistakes): void => {
    setMistakes(found)
    const first = FIELDS.find((name) => found[name] !== undefined)
    if (first !== undefined) form.current?.querySelector<HTMLInputElement>(`#${first}`)?.focus()
  }
  const send = async (): Promise<void> => {
    setState('sending')
    try {
      const outcome = await pay(orderOf(draft, account), draft.key)
      if (outcome.action === 'paid') return onPaid(outcome.receipt)
      if (outcome.action === 'step_up') {
        setState('stepping-up')
        keepDraft(draft)
        return location.assign(loginUrl('/pay', outcome.loginUrl))
      }
      show(mistakesIn(outcome.problems))
    } catch (error) {
      setProblem(codeOf(error))
    }
    setState('writing')
  }
  return {
    draft,
    state,
    problem,
    mistakes,
    form,
    set: (name, value) => {
      // Another payment must not pass for the one that may have been sent already.
      setDraft((before) => ({ ...before, [name]: value, key: crypto.randomUUID() }))
      setMistakes(({ [name]: _mended, ...others }) => others)
    },
    begin: (another) => {
      setDraft(another)
      setMistakes({})
    },
    submit: (event) => {
      event.preventDefault()
      setProblem(undefined)
      const found = ownMistakes(draft)
      show(found)
      if (Object.keys(found).length === 0) void send()
    },
  }
}

/** The payment that waited for a login, once; else a new one. */
function startingDraft(): Draft {
  const start = resumed ?? newDraft()
  resumed = undefined
  return start
}

function PaymentForm(properties: FormProperties): ReactElement {
  const { account } = properties
  const [isResumed] = useState(resumed !== undefined)
  const { draft, state, problem, mistakes, form, set, begin, submit } = useWriting(properties)
  const field = (name: FieldName): Parameters<typeof Field>[0] => ({
    id: name,
    label: words[name],
    value: draft[name],
    onChange: (value) => set(name, value),
    ...(mistakes[name] !== undefined && { mistake: words.problems[mistakes[name]] }),
  })
  return (
    <form className="payment" ref={form} onSubmit={submit} noValidate autoComplete="off">
      <Problem code={problem} />
      {isResumed && (
        <p className="notice" id="resumed" role="status">
          {words.resumed}
        </p>
      )}
      {Object.keys(mistakes).length > 0 && (
        <p className="notice alarm" id="error" role="alert">
          {words.check}
        </p>
      )}
      <p className="from">
        <span className="quiet">{words.from}</span>
        <strong>{texts.accounts.kinds[account.kind]}</strong>
        <span className="quiet">{words.available(euros(account.balance))}</span>
      </p>
      <Field {...field('recipient')} />
      <Field {...field('iban')} className="mono" spellCheck={false} autoCapitalize="characters" />
      <Field {...field('amount')} className="amount" inputMode="decimal" />
      <Field {...field('purpose')} hint={words.optional} />
      <div className="actions">
        <button className="button primary" id="submit-payment" disabled={state !== 'writing'}>
          {state === 'writing' ? words.submit(amountShown(draft)) : words.sending}
        </button>
        <button
          className="quiet-button"
          id="example"
          type="button"
          onClick={() => begin({ ...newDraft(), ...EXAMPLE })}
        >
          {words.example}
        </button>
      </div>
      <p className="note" role="status">
        {state === 'stepping-up' ? words.stepUp : ''}
      </p>
    </form>
  )
}

function amountShown({ amount }: Draft): string | undefined {
  const cents = parseAmount(amount)
  return cents === undefined || cents === 0 ? undefined : euros(cents)
}

/** The number of the standard's own example. */
const EXAMPLE = {
  recipient: 'Mad Hatter Tea House',
  iban: 'DE89 3704 0044 0532 0130 00',
  amount: language === 'de' ? '24,90' : '24.90',
  purpose: 'Tea for three',
}

function orderOf({ recipient, iban, amount, purpose }: Draft, { id }: Account): PaymentOrder {
  return {
    from: id,
    recipient,
    iban,
    amount: parseAmount(amount) ?? 0,
    ...(purpose !== '' && { purpose }),
  }
}

/** What needs no bank to know. */
function ownMistakes({ recipient, iban, amount }: Draft): Mistakes {
  return {
    ...(recipient.trim() === '' && { recipient: 'missing' }),
    ...(iban.trim() === '' && { iban: 'missing' }),
    ...(parseAmount(amount) === undefined && { amount: 'not_an_amount' }),
  }
}

function mistakesIn(problems: readonly FieldProblem[]): Mistakes {
  return Object.fromEntries(
    problems.map(({ field, code }) => [field === 'from' ? 'amount' : field, code]),
  )
}

interface ReceiptProperties {
  readonly receipt: PaymentReceipt
  readonly onAnother: () => void
}

function Receipt({ receipt, onAnother }: ReceiptProperties): ReactElement {
  const { order, balance } = receipt
  return (
    <div className="receipt" id="receipt">
      <p className="lead">{words.doneDetail(euros(order.amount), order.recipient)}</p>
      <p className="from">
        <span className="quiet">{words.newBalance}</span>
        <strong>{euros(balance)}</strong>
      </p>
      <div className="actions">
        <Link className="button primary" href="/accounts">
          {words.toAccounts}
        </Link>
        <button className="quiet-button" type="button" onClick={onAnother}>
          {words.another}
        </button>
        <Link className="quiet-button" href="/flow">
          {texts.nav.flow}
        </Link>
      </div>
    </div>
  )
}
