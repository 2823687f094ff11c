import { consentPage } from '../consent.ts'
import { errorPage } from '../error.ts'
import { homePage } from '../home.ts'
import type { Language } from '../language.ts'
import { type LoginPage, loginPage } from '../login.ts'
import { loggedOutPage, logoutPage } from '../logout.ts'
import { refusalPage } from '../refusal.ts'
import { responsePage } from '../response.ts'
import type { ErrorKind, LoginProblem } from '../texts.ts'

/** Turns a harmless text of a sample into the one to try out. */
export type Disguise = (harmless: string) => string

type Sample = (language: Language) => string

const problems: readonly LoginProblem[] = ['wrong', 'throttled', 'busy', 'missing']
const kinds: readonly ErrorKind[] = [
  'request',
  'expired',
  'cookie',
  'not-found',
  'client',
  'busy',
  'server',
]

/** Every page in every state, by name, each text of its model disguised. */
export function samples(disguise: Disguise = (harmless) => harmless): Record<string, Sample> {
  return { ...loginSamples(disguise), ...consentSamples(disguise), ...otherSamples(disguise) }
}

function loginSamples(disguise: Disguise): Record<string, Sample> {
  const model: LoginPage = {
    serviceName: disguise('Example Bank'),
    clientName: disguise('Budget Planner'),
    clientHost: disguise('app.budget-planner.example'),
    action: disguise('/login/4f2a'),
    cancelAction: disguise('/login/4f2a/cancel'),
  }
  const username = disguise('alice')
  const withProblem = problems.map((problem): [string, Sample] => [
    `login-${problem}`,
    (language) => loginPage({ ...model, username, problem, retryAfter: 150 }, language),
  ])
  return {
    login: (language) => loginPage(model, language),
    'login-hint': (language) => loginPage({ ...model, username }, language),
    ...Object.fromEntries(withProblem),
  }
}

function consentSamples(disguise: Disguise): Record<string, Sample> {
  const plain = {
    serviceName: disguise('Example Bank'),
    clientName: disguise('Budget Planner'),
    clientHost: disguise('app.budget-planner.example'),
    userName: disguise('Alice Example'),
    action: disguise('/consent/4f2a'),
    scopes: [
      { name: disguise('accounts'), description: disguise('See your accounts and balances') },
      { name: disguise('payments'), description: disguise('Prepare payments for you to confirm') },
      { name: disguise('email'), description: '' },
    ],
    resources: [],
    offline: false,
  }
  const full = {
    ...plain,
    clientUri: disguise('https://budget-planner.example'),
    scopes: plain.scopes.map((scope, index) => ({ ...scope, isNew: index === 1 })),
    resources: [disguise('https://api.bank.example/accounts')],
    offline: true,
    switchAccountAction: disguise('/consent/4f2a/switch'),
  }
  return {
    consent: (language) => consentPage(plain, language),
    'consent-full': (language) => consentPage(full, language),
    'consent-nothing': (language) => consentPage({ ...plain, scopes: [] }, language),
  }
}

function otherSamples(disguise: Disguise): Record<string, Sample> {
  const serviceName = disguise('Example Bank')
  const eventId = disguise('01K7Q4ZC9V3M8T2XHN5R6WJ0PD')
  const errors = kinds.map((kind): [string, Sample] => [
    `error-${kind}`,
    (language) => errorPage({ kind, eventId, serviceName }, language),
  ])
  return {
    ...Object.fromEntries(errors),
    'error-detailed': (language) =>
      errorPage(
        {
          kind: 'cookie',
          cookieName: disguise('__Host-signet-interaction'),
          detail: disguise('the request_uri has been used'),
          eventId,
          serviceName,
        },
        language,
      ),
    response: (language) =>
      responsePage(
        {
          action: disguise('https://app.budget-planner.example/callback'),
          fields: [
            { name: disguise('response'), value: disguise('eyJhbGciOiJFUzI1NiJ9.e30.c2ln') },
          ],
          serviceName,
        },
        language,
      ),
    logout: (language) =>
      logoutPage(
        {
          clientName: disguise('Budget Planner'),
          action: disguise('/logout'),
          fields: [{ name: disguise('state'), value: disguise('a8f') }],
          serviceName,
        },
        language,
      ),
    'logout-plain': (language) =>
      logoutPage({ action: '/logout', fields: [], serviceName }, language),
    'logged-out': (language) =>
      loggedOutPage({ clientName: disguise('Budget Planner'), serviceName }, language),
    ...publicSamples(disguise),
  }
}

function publicSamples(disguise: Disguise): Record<string, Sample> {
  const serviceName = disguise('Example Bank')
  const home = {
    serviceName,
    issuer: disguise('https://auth.bank.example'),
    metadataUrl: disguise('https://auth.bank.example/.well-known/openid-configuration'),
    jwksUrl: disguise('https://auth.bank.example/jwks'),
  }
  return {
    home: (language) => homePage(home, language),
    refusal: (language) =>
      refusalPage(
        {
          serviceName,
          eventId: disguise('01K7Q4ZC9V3M8T2XHN5R6WJ0PD'),
          error: disguise('invalid_dpop_proof'),
          description: disguise('the htu of the proof is not the address of this request'),
          requirementId: disguise('DPOP-09'),
          says: disguise('accepts a proof only for the address it was made for'),
          at: disguise('2026-03-01T12:30:05Z'),
        },
        language,
      ),
  }
}
