import type { Texts } from './texts.ts'

/** The pages in German. */
export const german: Texts = {
  footer: 'Besiegelt mit Signet',
  eventId: 'Ereignisnummer',
  login: {
    title: 'Anmelden',
    titleWithProblem: 'Problem: Anmelden',
    lead: 'um mit {client} fortzufahren',
    returns: 'Danach kehren Sie zurück zu {host}',
    username: 'Benutzername',
    password: 'Passwort',
    login: 'Anmelden',
    cancel: 'Abbrechen',
    problems: {
      wrong: 'Benutzername und Passwort passen nicht zusammen. Bitte versuchen Sie es erneut.',
      throttled: 'Zu viele Versuche. Bitte warten Sie etwas und versuchen Sie es dann erneut.',
      busy: 'Gerade melden sich sehr viele Menschen an. Bitte versuchen Sie es gleich noch einmal.',
      missing: 'Bitte geben Sie Ihren Benutzernamen und Ihr Passwort ein.',
    },
    throttledFor: 'Zu viele Versuche. Bitte versuchen Sie es in {wait} erneut.',
    pledge: { claim: 'Ihr Passwort bleibt hier.', detail: '{client} bekommt es nie zu sehen.' },
  },
  consent: {
    title: '{client} bittet um Zugriff',
    asks: 'Wenn Sie zustimmen, darf die Anwendung',
    asksNew: 'Wenn Sie zustimmen, darf die Anwendung von nun an',
    nothing: 'wissen, dass Sie sich angemeldet haben, und sonst nichts',
    isNew: 'Neu',
    offline: 'Diesen Zugriff behalten, während Sie abwesend sind',
    offlineDetail:
      'Auch wenn Sie nicht angemeldet sind und ohne erneut zu fragen, bis der Zugriff endet oder widerrufen wird.',
    resources: 'Dieser Zugriff gilt bei',
    facts: 'Wer fragt',
    host: 'Antwort an',
    website: 'Website',
    user: 'Angemeldet als',
    switchAccount: 'Anderes Konto verwenden',
    approve: 'Zustimmen',
    cancel: 'Abbrechen',
    pledge: { claim: 'Sie entscheiden.', detail: 'Ohne Ihre Zustimmung wird nichts geteilt.' },
  },
  response: {
    title: 'Einen Moment',
    lead: 'Sie kehren zurück zu {host}',
    continue: 'Weiter',
    help: 'Wenn von selbst nichts geschieht, drücken Sie den Knopf.',
    pledge: { claim: 'Das war es schon.', detail: 'Von hier an übernimmt die Anwendung.' },
  },
  logout: {
    title: 'Abmelden?',
    asks: 'Möchten Sie Ihre Sitzung bei {service} beenden?',
    asksFor: '{client} bittet darum, Ihre Sitzung bei {service} zu beenden. Möchten Sie das?',
    logout: 'Abmelden',
    stay: 'Angemeldet bleiben',
    pledge: { claim: 'Ihre Sitzung, Ihre Wahl.', detail: 'Nur Sie können sie hier beenden.' },
  },
  loggedOut: {
    title: 'Sie sind abgemeldet',
    done: 'Ihre Sitzung bei {service} ist beendet.',
    back: 'Sie können jederzeit zu {client} zurückkehren.',
    close: 'Schließen Sie an einem gemeinsam genutzten Rechner auch den Browser.',
    pledge: {
      claim: 'Bis bald.',
      detail: 'Die nächste Anmeldung fragt wieder nach Ihrem Passwort.',
    },
  },
  error: {
    kinds: {
      request: {
        title: 'Hier geht es nicht weiter',
        happened: 'Die Anwendung hat eine Anfrage gesendet, die wir nicht annehmen konnten.',
        help: 'Gehen Sie zurück zur Anwendung und beginnen Sie von vorn. Geschieht es wieder, kann ihr Betreiber die Ursache finden.',
      },
      expired: {
        title: 'Diese Anmeldung ist abgelaufen',
        happened: 'Sie wurde vor zu langer Zeit begonnen oder ist bereits abgeschlossen.',
        help: 'Gehen Sie zurück zur Anwendung und beginnen Sie von vorn.',
      },
      cookie: {
        title: 'Ein Cookie fehlt',
        happened:
          'Eine Anmeldung gehört zu dem Browser, in dem sie begonnen wurde. Ihr Browser hat das Cookie nicht gesendet, an dem wir ihn erkennen.',
        help: 'Erlauben Sie Cookies für diese Seite und beginnen Sie in der Anwendung von vorn, in einem Browser vom Anfang bis zum Ende. Private Fenster und Browser in anderen Apps verlieren Cookies oft.',
      },
      'not-found': {
        title: 'Hier ist nichts',
        happened: 'Diese Adresse gibt es nicht oder nicht mehr.',
        help: 'Prüfen Sie die Adresse oder gehen Sie zurück zu der Anwendung, von der Sie kamen.',
      },
      client: {
        title: 'Wir kennen diese Anwendung nicht',
        happened:
          'Die Anwendung, die Sie hierher geschickt hat, ist bei uns nicht registriert oder möchte ihre Antwort an eine Adresse, die es nicht ist.',
        help: 'Fahren Sie nicht fort, wenn Sie Ihrer Herkunftsseite nicht vertrauen. Andernfalls informieren Sie den Betreiber der Anwendung.',
      },
      busy: {
        title: 'Gerade sehr viel los',
        happened: 'Es kommen mehr Anfragen an, als wir im Moment beantworten können.',
        help: 'Warten Sie eine Minute und laden Sie diese Seite neu. Es geht nichts verloren.',
      },
      server: {
        title: 'Bei uns ist etwas schiefgegangen',
        happened: 'Es liegt nicht an Ihnen, und es wurde aufgezeichnet.',
        help: 'Bitte versuchen Sie es in einigen Minuten erneut.',
      },
    },
    cookieNamed:
      'Eine Anmeldung gehört zu dem Browser, in dem sie begonnen wurde. Wir erkennen ihn am Cookie {cookie}, und Ihr Browser hat es nicht gesendet.',
    helpTitle: 'Was Sie tun können',
    eventHint: 'Nennen Sie dem Support diese Nummer: Sie führt direkt zur Ursache.',
    pledge: {
      claim: 'Im Zweifel halten wir an.',
      detail: 'Eine Anmeldung geht nur weiter, wenn jede Prüfung bestanden ist.',
    },
  },
  refusal: {
    title: 'Eine Anfrage wurde abgelehnt',
    lead: 'Die Anfrage hat eine Regel des Sicherheitsprofils verletzt. Dies hat die Anwendung erfahren.',
    facts: 'Was bekannt ist',
    error: 'Fehler',
    description: 'Beschreibung',
    requirement: 'Anforderung',
    at: 'Zeit',
    operator: 'Für den Betreiber dieses Servers',
    operatorDetail:
      'Der Audit-Eintrag nennt, was erwartet wurde, was ankam und wie es zu beheben ist:',
    pledge: {
      claim: 'Jede Ablehnung hat einen Grund.',
      detail: 'Und der Grund ist festgehalten.',
    },
  },
  home: {
    title: 'Autorisierungsserver',
    lead: 'Dies ist der FAPI-2.0-Autorisierungsserver {issuer}.',
    start:
      'Beginnen Sie die Anmeldung in der Anwendung, die Sie nutzen möchten. Sie führt Sie hierher.',
    links: 'Für Anwendungen',
    metadata: 'Metadaten',
    metadataDetail: 'Endpunkte und alles, was dieser Server durchsetzt',
    keys: 'Signaturschlüssel',
    keysDetail: 'Der JWK-Satz zum Prüfen dessen, was dieser Server signiert',
    pledge: {
      claim: 'Zugriff, besiegelt.',
      detail: 'Jedes Token wirkt nur in der Hand, die seinen Schlüssel hält.',
    },
  },
}
