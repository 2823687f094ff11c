import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { consentPage } from './consent.ts'
import { errorPage } from './error.ts'
import { homePage } from './home.ts'
import { type Language, languages } from './language.ts'
import { loginPage } from './login.ts'
import { logoutPage } from './logout.ts'
import { refusalPage } from './refusal.ts'
import { RESPONSE_SCRIPT, responsePage } from './response.ts'
import { type Disguise, samples } from './testing/samples.ts'
import { texts } from './texts.ts'

function everyPage(check: (html: string, page: string) => void, disguise?: Disguise): void {
  for (const [name, sample] of Object.entries(samples(disguise))) {
    for (const language of languages) check(sample(language), `${name} (${language})`)
  }
}

const attacks: readonly string[] = [
  `<script>alert(1)</script>`,
  `"><img src=x onerror=alert(1)>`,
  `' autofocus onfocus='alert(1)`,
  `" style="display:none`,
  `</title></textarea></style><svg onload=alert(1)>`,
  `<!--`,
  `<%= process.env %>{client}\${1}`,
  `&lt;script&gt;`,
  `javascript:alert(1)`,
]

test('no text of a model can add an element, an attribute or a comment to any page', () => {
  const shapes = new Map<string, readonly string[]>()
  everyPage((html, page) => shapes.set(page, shape(html)))
  for (const attack of attacks) {
    everyPage(
      (html, page) => assert.deepEqual(shape(html), shapes.get(page), `${page}: ${attack}`),
      (harmless) => (harmless.startsWith('https:') ? `${harmless}/${attack}` : attack),
    )
  }
})

test('an address of another kind than the web never becomes a link', () => {
  everyPage(
    (html, page) => assert.doesNotMatch(html, /<a [^>]*href="(?!https:)/, page),
    () => 'javascript:alert(1)',
  )
})

test('every page is a complete document that holds no script and no style of its own', () => {
  everyPage((html, page) => {
    assert.ok(html.startsWith('<!doctype html>\n<html lang="'), page)
    assert.ok(html.trimEnd().endsWith('</html>'), page)
    assert.match(html, /<title>[^<]+ · Example Bank<\/title>/, page)
    assert.match(html, /<meta name="viewport" content="width=device-width, initial-scale=1">/)
    assert.match(html, /<meta name="robots" content="noindex">/, page)
    assert.match(html, /<meta name="referrer" content="no-referrer">/, page)
    assert.equal(html.match(/<h1[ >]/g)?.length, 1, page)
    const rest = page.startsWith('response ') ? withoutItsScript(html) : html
    assert.doesNotMatch(rest, /<script|<style|\sstyle=|\son[a-z]+=|<iframe|<base/i, page)
    assert.doesNotMatch(html, /undefined|\[object|NaN/, page)
  })
})

/** The page without the one script whose hash its policy names. */
function withoutItsScript(html: string): string {
  return html.replace(/<script>([^<]*)<\/script>/, (_, script: string) => {
    const digest = createHash('sha256').update(script).digest('base64')
    assert.equal(RESPONSE_SCRIPT, `'sha256-${digest}'`)
    return ''
  })
}

test('the page with a response posts it to the client unchanged, by script or by a button', () => {
  const value = ` a"b'c<d>&\u202E `
  const action = 'https://app.example/cb?tenant=1&x="y"'
  const html = responsePage(
    {
      serviceName: 'Bank',
      action,
      fields: [
        { name: 'state', value },
        { name: 'iss', value: 'i' },
      ],
    },
    'en',
  )
  assert.match(
    html,
    /<form id="form"[^>]* method="post" action="https:\/\/app\.example\/cb\?tenant=1&amp;x=&quot;y&quot;">/,
  )
  assert.ok(
    html.includes(
      `<input type="hidden" name="state" value=" a&quot;b&#39;c&lt;d&gt;&amp;\u202E ">`,
    ),
  )
  assert.match(html, /<button id="continue"[^>]* type="submit">Continue<\/button>/)
  assert.equal(html.match(/<input/g)?.length, 2, 'no field of ours goes along')
  assert.doesNotMatch(html, /<button[^>]* name=|name="submit"|id="submit"/)
  assert.match(html, /getElementById\('form'\)\.submit\(\)/)
  assert.ok(html.includes('<bdi class="name">app.example</bdi>'))
})

test('ids are unique, labels and descriptions lead somewhere', () => {
  everyPage((html, page) => {
    const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id)
    assert.equal(new Set(ids).size, ids.length, page)
    for (const [, id] of html.matchAll(/\s(?:for|aria-describedby|aria-labelledby)="([^"]+)"/g)) {
      assert.ok(ids.includes(id), `${page}: ${id}`)
    }
  })
})

test('every page says the language it is written in', () => {
  for (const sample of Object.values(samples())) {
    assert.match(sample('en'), /<html lang="en">/)
    assert.match(sample('de'), /<html lang="de">/)
  }
})

test('no text is left empty or, but for words both languages share, untranslated', () => {
  const english = sentences(texts.en)
  const german = sentences(texts.de)
  assert.deepEqual([...german.keys()], [...english.keys()])
  for (const [key, sentence] of english) {
    assert.notEqual(sentence.trim(), '', key)
    assert.notEqual(german.get(key)?.trim(), '', key)
    if (key !== '.consent.website') assert.notEqual(german.get(key), sentence, key)
  }
})

test('the longest and the strangest names are cut in headings and kept in facts', () => {
  const name = '👩‍👩‍👧'.repeat(2_000)
  const host = `${'a'.repeat(10_000)}.example`
  const html = consentPage({ ...consent, clientName: name, clientHost: host }, 'en')
  assert.ok(html.includes(host))
  assert.ok(!html.includes('👩‍👩‍👧'.repeat(101)))
})

test('bidirectional overrides cannot dress up a name', () => {
  everyPage(
    (html, page) =>
      assert.doesNotMatch(html.replace(/<input type="hidden".*/g, ''), /\u202E/, page),
    (harmless) => `\u202E${harmless}`,
  )
})

const login = {
  serviceName: 'Example Bank',
  clientName: 'Planner',
  clientHost: 'planner.example',
  action: '/login',
  cancelAction: '/login/cancel',
}
const consent = {
  serviceName: 'Example Bank',
  clientName: 'Planner',
  clientHost: 'planner.example',
  userName: 'alice',
  scopes: [{ name: 'accounts', description: 'See your accounts' }],
  resources: [],
  offline: false,
  action: '/consent',
}

test('the login form has the ids that robots and password managers look for', () => {
  const html = loginPage(login, 'en')
  assert.match(html, /<form id="form"[^>]* method="post" action="\/login">/)
  assert.match(html, /<input id="username" name="username"[^>]* autocomplete="username"/)
  assert.match(
    html,
    /<input id="password" name="password" type="password" autocomplete="current-password"/,
  )
  assert.match(html, /<button id="login"[^>]* type="submit">/)
  assert.doesNotMatch(html, /id="error"/)
  assert.match(html, /id="username"[^>]* autofocus/)
})

test('cancelling a login sends no password along', () => {
  const form = /<form[^>]* action="\/login\/cancel">([^]*?)<\/form>/.exec(loginPage(login, 'en'))
  assert.match(form?.[1] ?? '', /^\s*<button id="cancel"[^>]*>Cancel<\/button>\s*$/)
})

test('a hint fills in the username and moves the focus on', () => {
  const html = loginPage({ ...login, username: 'alice' }, 'en')
  assert.match(html, /id="username"[^>]* value="alice"/)
  assert.doesNotMatch(html, /id="username"[^>]* autofocus/)
  assert.match(html, /id="password"[^>]* autofocus/)
})

test('a problem is announced and tied to the fields', () => {
  for (const language of languages) {
    for (const [problem, message] of Object.entries(texts[language].login.problems)) {
      const html = samples()[`login-${problem}`]?.(language) ?? ''
      assert.match(html, /id="error" role="alert"/)
      assert.equal(html.match(/aria-describedby="error"/g)?.length, 2)
      if (problem !== 'throttled') assert.ok(html.includes(message), problem)
    }
  }
})

test('a throttled person is told how long to wait, never too short', () => {
  const wait = (retryAfter: number | undefined, language: Language): string =>
    loginPage({ ...login, problem: 'throttled', retryAfter }, language)
  assert.match(wait(1, 'en'), /again in <bdi class="name">1 second</)
  assert.match(wait(90, 'de'), /in <bdi class="name">90 Sekunden<\/bdi> erneut/)
  assert.match(wait(121, 'en'), />3 minutes</)
  assert.match(wait(86_400, 'de'), />24 Stunden</)
  for (const odd of [undefined, 0, -5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.ok(wait(odd, 'en').includes(texts.en.login.problems.throttled), String(odd))
  }
})

test('SP-AZ-13 consent shows who asks, where the answer goes, for whom and for what', () => {
  const html = consentPage(consent, 'en')
  assert.match(html, /<h1><bdi class="name">Planner<\/bdi> asks for access<\/h1>/)
  assert.ok(html.includes('<bdi class="address">planner.example</bdi>'))
  assert.ok(html.includes('<bdi>alice</bdi>'))
  assert.match(html, /<li data-scope="accounts"><span dir="auto">See your accounts<\/span>/)
  assert.match(html, /<button id="approve"[^>]* name="decision" value="approve">/)
  assert.match(html, /<button id="cancel"[^>]* name="decision" value="cancel">/)
})

test('SP-AZ-13 lasting access and the resources it is valid at are spelled out', () => {
  const resource = 'https://api.bank.example'
  const html = consentPage({ ...consent, offline: true, resources: [resource] }, 'en')
  assert.ok(html.includes(texts.en.consent.offlineDetail))
  assert.ok(html.includes(`<bdi class="address">${resource}</bdi>`))
  assert.ok(!consentPage(consent, 'en').includes(texts.en.consent.offline))
})

test('BCP-10 a consent page holds no link to anywhere', () => {
  assert.doesNotMatch(samples()['consent-full']?.('en') ?? '<a', /<a[ >]/)
})

test('new scopes come first and are marked, unless everything is new', () => {
  const scopes = [
    { name: 'old', description: 'Old' },
    { name: 'fresh', description: 'Fresh', isNew: true },
  ]
  const mixed = consentPage({ ...consent, scopes }, 'en')
  assert.ok(mixed.indexOf('data-scope="fresh"') < mixed.indexOf('data-scope="old"'))
  assert.equal(mixed.match(/class="badge"/g)?.length, 1)
  const first = consentPage({ ...consent, scopes: scopes.slice(1) }, 'en')
  assert.doesNotMatch(first, /class="badge"/)
})

test('a scope without a description is shown by its name, no scope at all in words', () => {
  const unnamed = consentPage({ ...consent, scopes: [{ name: 'x:y', description: ' ' }] }, 'en')
  assert.ok(unnamed.includes('<span dir="auto">x:y</span>'))
  assert.ok(consentPage({ ...consent, scopes: [] }, 'de').includes(texts.de.consent.nothing))
})

test('LOG-04 logout asks first, and the parameters of the request come back unchanged', () => {
  const value = ` a"b'c<d>&\u202E `
  const html = logoutPage(
    { serviceName: 'Bank', action: '/logout', fields: [{ name: 'state', value }] },
    'en',
  )
  assert.match(html, /<button id="logout"[^>]* name="decision" value="logout">/)
  assert.match(html, /<button id="stay"[^>]* name="decision" value="stay">/)
  assert.ok(
    html.includes(
      `<input type="hidden" name="state" value=" a&quot;b&#39;c&lt;d&gt;&amp;\u202E ">`,
    ),
  )
})

test('the cookie page names the cookie that did not come', () => {
  const html = errorPage(
    { kind: 'cookie', cookieName: '__Host-interaction', serviceName: 'Bank' },
    'en',
  )
  assert.ok(html.includes('<bdi class="name">__Host-interaction</bdi>'))
})

test('an error shows its event id, what to do, and what the client would be told', () => {
  const model = { kind: 'expired', serviceName: 'Bank', eventId: 'ev-1' } as const
  assert.match(errorPage(model, 'en'), /<code id="event-id" class="pick">ev-1<\/code>/)
  assert.ok(errorPage(model, 'en').includes(texts.en.error.kinds.expired.help))
  assert.ok(errorPage({ ...model, detail: 'why' }, 'en').includes('>why<'))
})

test('a refusal repeats what the caller was told and leads the operator to the rest', () => {
  const html = refusalPage(
    {
      serviceName: 'Bank',
      eventId: 'ev-1',
      error: 'invalid_request',
      description: 'no code_challenge',
      requirementId: 'SP-AZ-05',
      says: 'requires PKCE',
      at: '2026-03-01T12:30:05Z',
    },
    'de',
  )
  assert.ok(html.includes('signet explain ev-1'))
  assert.ok(html.includes('>SP-AZ-05<'))
  assert.match(html, /<p lang="en">The server <bdi>requires PKCE<\/bdi><\/p>/)
  assert.match(html, /<time datetime="2026-03-01T12:30:05Z">1\. März 2026 um 12:30:05 UTC</)
  assert.doesNotMatch(html, /<a /)
})

test('the page of the issuer leads to metadata and keys', () => {
  const home = {
    serviceName: 'Bank',
    issuer: 'https://bank.example',
    metadataUrl: 'https://bank.example/meta',
    jwksUrl: 'https://bank.example/jwks',
  }
  const html = homePage(home, 'en')
  assert.match(html, /<a href="https:\/\/bank\.example\/meta">/)
  assert.match(html, /<a href="https:\/\/bank\.example\/jwks">/)
})

/** The elements of a page with their attributes' names: what markup is there, whatever it says. */
function shape(html: string): readonly string[] {
  const tags = html.match(/<!?\/?[a-z-](?:"[^"]*"|[^>"])*>/gi) ?? []
  return tags.map((tag) => tag.replace(/"[^"]*"/g, '""'))
}

function sentences(value: object, path = ''): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(value).flatMap(([key, inner]: [string, unknown]): [string, string][] => {
      if (typeof inner === 'string') return [[`${path}.${key}`, inner]]
      return typeof inner === 'object' && inner !== null
        ? [...sentences(inner, `${path}.${key}`)]
        : []
    }),
  )
}
