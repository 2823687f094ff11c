import { englishChecks } from './english-checks.ts'
import type { AccountKind, Category, FieldProblem } from '../../../api/contract.ts'
import type { Actor, HopKind, Topic } from '../../../bff/flow.ts'

/** Everything the app says. Another language is another value of this type. */
export interface Texts {
  readonly bank: string
  readonly claim: string
  readonly claimDetail: string
  readonly skip: string
  readonly loading: string
  readonly logIn: string
  readonly logOut: string
  readonly loggedInAs: (name: string) => string
  readonly nav: {
    readonly label: string
    readonly accounts: string
    readonly pay: string
    readonly sessions: string
    readonly flow: string
  }
  readonly landing: {
    readonly title: string
    readonly lead: string
    readonly promises: readonly { readonly title: string; readonly text: string }[]
    readonly failed: Readonly<Record<string, string>>
    readonly example: string
  }
  readonly accounts: {
    readonly title: (name: string) => string
    readonly kinds: Readonly<Record<AccountKind, string>>
    readonly balance: string
    readonly total: string
    readonly transactions: (account: string) => string
    readonly categories: Readonly<Record<Category, string>>
    readonly choose: string
    readonly earlier: string
  }
  readonly pay: {
    readonly title: string
    readonly lead: string
    readonly from: string
    readonly available: (amount: string) => string
    readonly recipient: string
    readonly iban: string
    readonly amount: string
    readonly purpose: string
    readonly optional: string
    readonly submit: (amount: string | undefined) => string
    readonly sending: string
    readonly stepUp: string
    readonly resumed: string
    readonly check: string
    readonly problems: Readonly<Record<FieldProblem['code'], string>>
    readonly done: string
    readonly doneDetail: (amount: string, recipient: string) => string
    readonly newBalance: string
    readonly another: string
    readonly toAccounts: string
    readonly example: string
  }
  readonly sessions: {
    readonly title: string
    readonly lead: string
    readonly unknown: string
    readonly current: string
    readonly since: (moment: string) => string
    readonly seen: (moment: string) => string
    readonly end: string
    readonly endNamed: (name: string) => string
    readonly endOthers: string
    readonly ended: string
    readonly alone: string
  }
  readonly flow: {
    readonly title: string
    readonly lead: string
    readonly noSecrets: string
    readonly serverSilent: string
    readonly empty: string
    readonly refresh: string
    readonly lanes: string
    readonly actors: Readonly<Record<Actor, string>>
    readonly topics: Readonly<Record<Topic, string>>
    readonly times: (count: number) => string
    readonly hops: Readonly<Record<HopKind, string>>
    readonly checked: (count: number) => string
    readonly refused: string
    readonly expected: string
    readonly received: string
    readonly fromTo: (from: string, to: string) => string
    /** What each requirement asks for, in a few words. */
    readonly checks: Readonly<Record<string, string>>
  }
  readonly problems: Readonly<Record<string, string>>
  readonly problem: string
  readonly notFound: string
  readonly home: string
  readonly poweredBy: string
}

export const english: Texts = {
  bank: 'Meridian Bank',
  claim: 'Your money, on a steady course.',
  claimDetail: 'Every call to the bank is sealed with a key that never reaches this browser.',
  skip: 'Skip to content',
  loading: 'Loading …',
  logIn: 'Log in',
  logOut: 'Log out',
  loggedInAs: (name) => `Logged in as ${name}`,
  nav: {
    label: 'Main',
    accounts: 'Accounts',
    pay: 'Pay',
    sessions: 'Devices',
    flow: 'What just happened',
  },
  landing: {
    title: 'Good to see you.',
    lead: 'Log in to see your accounts and to make payments.',
    promises: [
      {
        title: 'No token in your browser',
        text: 'All that lies here is a cookie no script can read.',
      },
      {
        title: 'Stolen tokens are worthless',
        text: 'Each one works only with a key that stays with the bank.',
      },
      {
        title: 'Nothing hidden',
        text: 'Afterwards you can see every step and every check.',
      },
    ],
    failed: {
      access_denied: 'The login was cancelled, or not allowed.',
      authorization_server_unavailable: 'The login server cannot be reached. Please try again.',
      login_expired: 'This login has expired, or began in another browser. Please try again.',
      other: 'The login did not work. Please try again.',
    },
    example: 'An example: neither the bank nor the money is real.',
  },
  accounts: {
    title: (name) => `Hello, ${name}`,
    kinds: { current: 'Current account', savings: 'Savings account' },
    balance: 'Balance',
    total: 'In total',
    transactions: (account) => `Transactions · ${account}`,
    categories: {
      salary: 'Salary',
      rent: 'Rent',
      groceries: 'Groceries',
      energy: 'Electricity',
      phone: 'Mobile phone',
      travel: 'Travel',
      'eating-out': 'Eating out',
      books: 'Books',
      insurance: 'Insurance',
      savings: 'Savings transfer',
      interest: 'Interest',
      payment: 'Payment',
    },
    choose: 'Your accounts',
    earlier: 'Earlier transactions',
  },
  pay: {
    title: 'Make a payment',
    lead: 'If your login is older than five minutes, we ask for your password once more.',
    from: 'From',
    available: (amount) => `${amount} available`,
    recipient: 'Recipient',
    iban: 'IBAN',
    amount: 'Amount in euros',
    purpose: 'Purpose',
    optional: 'optional',
    submit: (amount) => (amount === undefined ? 'Pay' : `Pay ${amount}`),
    sending: 'Sending …',
    stepUp: 'Your login was a while ago. We are taking you to confirm that it is you …',
    resumed: 'Thank you, it is you. Check the payment and send it.',
    check: 'Please check the marked fields.',
    problems: {
      missing: 'Please fill this in.',
      not_an_account: 'This is not one of your accounts.',
      not_for_payments: 'Payments leave from the current account.',
      too_long: 'This is too long.',
      forbidden_characters: 'Please use letters, digits and punctuation only.',
      not_an_iban: 'This is not an IBAN: a digit is missing or wrong.',
      not_an_amount: 'Please enter an amount, such as 12.50.',
      too_much: 'One payment can be €10,000 at most.',
      not_covered: 'There is not enough money on the account.',
    },
    done: 'Paid',
    doneDetail: (amount, recipient) => `${amount} is on its way to ${recipient}.`,
    newBalance: 'New balance',
    another: 'Another payment',
    toAccounts: 'To your accounts',
    example: 'Fill in an example',
  },
  sessions: {
    title: 'Where you are logged in',
    lead: 'Do you not know one of them? End it: it can do nothing from that moment on.',
    unknown: 'Unknown browser',
    current: 'This browser',
    since: (moment) => `Since ${moment}`,
    seen: (moment) => `Last used ${moment}`,
    end: 'End',
    endNamed: (name) => `End ${name}`,
    endOthers: 'End all others',
    ended: 'Ended.',
    alone: 'You are logged in nowhere else.',
  },
  flow: {
    title: 'What just happened',
    lead: 'Every message since you logged in, who sent it, and what was checked where it arrived.',
    noSecrets: 'Tokens, codes and keys are not shown: they were never written down.',
    serverSilent:
      'The authorization server tells its part in development only; here you see what the app and the API know.',
    empty: 'Nothing yet. Log in, look at your accounts, make a payment, and come back.',
    refresh: 'Look again',
    lanes: 'Who takes part',
    actors: { browser: 'Browser', app: 'App backend', server: 'Signet', api: 'Bank API' },
    topics: {
      login: 'Login',
      step_up: 'Confirming that it is you',
      accounts: 'Looking at your accounts',
      transactions: 'Looking at transactions',
      payment: 'Payment',
      logout: 'Logout',
      session_end: 'Ending a session',
      other: 'A call',
    },
    times: (count) => `${count} times`,
    hops: {
      login_asked: 'asks to log in',
      request_pushed: 'pushes the request, signed',
      sent_to_server: 'arrives with a reference, nothing else',
      logged_in: 'brings the password of the person',
      sent_back: 'sends the browser back',
      code_returned: 'brings the code',
      code_exchanged: 'exchanges the code for tokens',
      session_opened: 'gives a cookie, and keeps the tokens',
      called: 'calls the bank with its cookie',
      token_refreshed: 'renews the expired token',
      forwarded: 'calls the API with token and fresh proof',
      answered: 'passes the answer on',
      step_up_asked: 'asks for a more recent login',
      logout_asked: 'asks to log out',
      token_revoked: 'gives the tokens back',
      ended_at_server: 'ends the login there too',
    },
    checked: (count) => (count === 1 ? '1 check' : `${count} checks`),
    refused: 'Refused',
    expected: 'Expected',
    received: 'Received',
    fromTo: (from, to) => `${from} to ${to}`,
    checks: englishChecks,
  },
  problems: {
    login_required: 'Your session has ended. Please log in again.',
    unreachable: 'The bank cannot be reached. Are you online?',
    authorization_server_unavailable: 'The login server cannot be reached. Please try again.',
    upstream_unavailable: 'The bank’s API does not answer. Please try again.',
    upstream_timeout: 'The bank’s API takes too long. Please try again.',
    idempotency_key_reused: 'This payment was sent before with other details. Please begin anew.',
  },
  problem: 'That did not work. Please try again.',
  notFound: 'There is no such page.',
  home: 'To the start',
  poweredBy: 'Protected by Signet',
}
