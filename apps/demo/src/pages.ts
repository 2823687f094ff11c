import type { Login } from './oauth-client.ts'

export const STYLE = `
:root { color-scheme: light dark; font: 17px/1.6 system-ui, sans-serif }
body { margin: 0 auto; max-width: 42rem; padding: 3rem 1.25rem }
h1 { font-size: 1.6rem; line-height: 1.25 }
a.button { display: inline-block; padding: .7rem 1.4rem; border-radius: .6rem; background: #1d3b6e; color: #fff; text-decoration: none }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #8884; vertical-align: top; overflow-wrap: anywhere }
th { font-weight: 600; white-space: nowrap }
code { font-size: .92em }`

export function homePage(user: string, password: string): string {
  return page(
    'Example app',
    `<p>This is a client of your Signet server. It never sees a password; the server never sees its private key.</p>
<p><a class="button" id="begin" href="/login">Log in with Signet</a></p>
<p>The demo user is <code>${text(user)}</code>, the password <code>${text(password)}</code>.</p>`,
  )
}

export function resultPage({ claims, scope, expiresIn }: Login): string {
  const rows = Object.entries(claims).map(
    ([name, value]) =>
      `<tr><th>${text(name)}</th><td>${text(typeof value === 'string' ? value : JSON.stringify(value))}</td></tr>`,
  )
  return page(
    `Hello, ${String(claims['name'] ?? claims['sub'])}`,
    `<p>You are logged in. What happened on the way:</p>
<ol>
<li>The app pushed its request to the server, signed with its key; your browser carried only a reference.</li>
<li>You proved who you are and decided what the app may do.</li>
<li>The app exchanged the code for tokens that work only together with its DPoP key, for ${expiresIn} seconds.</li>
<li>With a fresh proof it asked the server who you are.</li>
</ol>
<p>Allowed: <code>${text(scope)}</code></p>
<table id="claims">${rows.join('')}</table>
<p><a href="/login">Log in again</a> (no password this time) · <a id="logout" href="/logout">Log out</a></p>`,
  )
}

export function problemPage(message: string, explanation: string | undefined): string {
  const link =
    explanation === undefined
      ? ''
      : `<p><a href="${text(explanation)}">What the server says about it</a></p>`
  return page(
    'That did not work',
    `<p id="problem">${text(message)}</p>${link}<p><a href="/">Back to the start</a></p>`,
  )
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${text(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/style.css"></head>
<body><h1>${text(title)}</h1>${body}</body></html>`
}

function text(value: string): string {
  return value.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0) ?? 0};`)
}
