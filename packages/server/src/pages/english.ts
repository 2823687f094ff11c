import type { Texts } from './texts.ts'

/** The pages in English. */
export const english: Texts = {
  footer: 'Sealed by Signet',
  eventId: 'Event ID',
  login: {
    title: 'Sign in',
    titleWithProblem: 'Problem: sign in',
    lead: 'to continue to {client}',
    returns: 'Afterwards you return to {host}',
    username: 'Username',
    password: 'Password',
    login: 'Sign in',
    cancel: 'Cancel',
    problems: {
      wrong: 'Username and password do not match. Please try again.',
      throttled: 'Too many attempts. Please wait a little, then try again.',
      busy: 'Very many people are signing in right now. Please try again in a moment.',
      missing: 'Please enter your username and your password.',
    },
    throttledFor: 'Too many attempts. Please try again in {wait}.',
    pledge: { claim: 'Your password stays here.', detail: '{client} never gets to see it.' },
  },
  consent: {
    title: '{client} asks for access',
    asks: 'If you approve, it may',
    asksNew: 'If you approve, it may from now on',
    nothing: 'know that you have signed in, and nothing else',
    isNew: 'New',
    offline: 'Keep this access while you are away',
    offlineDetail:
      'Also when you are not signed in, and without asking again, until the access ends or is withdrawn.',
    resources: 'This access is valid at',
    facts: 'Who is asking',
    host: 'Answer goes to',
    website: 'Website',
    user: 'Signed in as',
    switchAccount: 'Use another account',
    approve: 'Approve',
    cancel: 'Cancel',
    pledge: { claim: 'You decide.', detail: 'Nothing is shared before you approve.' },
  },
  response: {
    title: 'One moment',
    lead: 'You return to {host}',
    continue: 'Continue',
    help: 'If nothing happens by itself, press the button.',
    pledge: { claim: 'That was it.', detail: 'The application takes over from here.' },
  },
  logout: {
    title: 'Sign out?',
    asks: 'Do you want to end your session at {service}?',
    asksFor: '{client} asks to end your session at {service}. Do you want that?',
    logout: 'Sign out',
    stay: 'Stay signed in',
    pledge: { claim: 'Your session, your choice.', detail: 'Only you can end it from here.' },
  },
  loggedOut: {
    title: 'You are signed out',
    done: 'Your session at {service} has ended.',
    back: 'You can go back to {client} at any time.',
    close: 'On a shared computer, close the browser as well.',
    pledge: { claim: 'See you soon.', detail: 'The next sign-in asks for your password again.' },
  },
  error: {
    kinds: {
      request: {
        title: 'This request cannot go on',
        happened: 'The application sent a request that we could not accept.',
        help: 'Go back to the application and start again. If it happens again, its operator can find out why.',
      },
      expired: {
        title: 'This sign-in has expired',
        happened: 'It was started too long ago, or it is already finished.',
        help: 'Go back to the application and start again.',
      },
      cookie: {
        title: 'A cookie is missing',
        happened:
          'A sign-in belongs to the browser that started it. Your browser did not send the cookie by which we recognise it.',
        help: 'Allow cookies for this site and start again from the application, in one browser from beginning to end. Private windows and browsers inside other apps often lose cookies.',
      },
      'not-found': {
        title: 'There is nothing here',
        happened: 'This address does not exist, or no longer exists.',
        help: 'Check the address, or go back to the application you came from.',
      },
      client: {
        title: 'We do not know this application',
        happened:
          'The application that sent you here is not registered with us, or wants its answer at an address that is not.',
        help: 'Do not continue if you do not trust where you came from. If you do, tell the operator of the application.',
      },
      busy: {
        title: 'Very busy right now',
        happened: 'There are more requests than we can answer at this moment.',
        help: 'Wait a minute, then load this page again. Nothing is lost.',
      },
      server: {
        title: 'Something went wrong on our side',
        happened: 'It is not your fault, and it has been recorded.',
        help: 'Please try again in a few minutes.',
      },
    },
    cookieNamed:
      'A sign-in belongs to the browser that started it. We recognise it by the cookie {cookie}, and your browser did not send it.',
    helpTitle: 'What you can do',
    eventHint: 'Give this ID to support: it leads straight to the cause.',
    pledge: {
      claim: 'When in doubt, we stop.',
      detail: 'A sign-in goes on only if every check has passed.',
    },
  },
  refusal: {
    title: 'A request was refused',
    lead: 'The request broke a rule of the security profile. This is what the application was told.',
    facts: 'What is known',
    error: 'Error',
    description: 'Description',
    requirement: 'Requirement',
    at: 'Time',
    operator: 'For the operator of this server',
    operatorDetail:
      'The audit record holds what was expected, what was received and how to mend it:',
    pledge: {
      claim: 'Every refusal has a reason.',
      detail: 'And the reason is written down.',
    },
  },
  home: {
    title: 'Authorization server',
    lead: 'This is the FAPI 2.0 authorization server {issuer}.',
    start: 'To sign in, start from the application you want to use. It will bring you here.',
    links: 'For applications',
    metadata: 'Metadata',
    metadataDetail: 'Endpoints and everything this server enforces',
    keys: 'Signing keys',
    keysDetail: 'The JWK set to verify what this server signs',
    pledge: {
      claim: 'Access, under seal.',
      detail: 'Every token works only in the hand that holds its key.',
    },
  },
}
