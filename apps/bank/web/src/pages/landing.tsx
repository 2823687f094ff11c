import { useEffect, type ReactElement } from 'react'
import { loginUrl } from '../bank.ts'
import { texts } from '../language.ts'

/** For who is not logged in. `failure`: why a login did not work. */
export function Landing({ failure }: { readonly failure?: string | undefined }): ReactElement {
  const { title, lead, promises, failed, example } = texts.landing
  useEffect(() => {
    document.title = texts.bank
  }, [])
  return (
    <div className="landing">
      <header className="cover">
        <p className="brand">
          <span className="mark" aria-hidden="true" />
          <span>{texts.bank}</span>
        </p>
        <p className="pledge">
          <span className="claim">{texts.claim}</span>
          <span className="detail">{texts.claimDetail}</span>
        </p>
      </header>
      <main className="sheet" id="main">
        {failure !== undefined && (
          <p className="notice alarm" id="error" role="alert">
            {failed[failure] ?? failed['other']}
          </p>
        )}
        <h1>{title}</h1>
        <p className="lead">{lead}</p>
        <a className="button primary" id="login" href={loginUrl('/accounts')}>
          {texts.logIn}
        </a>
        <ul className="promises">
          {promises.map((promise) => (
            <li key={promise.title}>
              <strong>{promise.title}</strong>
              <span>{promise.text}</span>
            </li>
          ))}
        </ul>
      </main>
      <footer className="imprint">
        <span>{example}</span> <span>{texts.poweredBy}</span>
      </footer>
    </div>
  )
}
