import { useState, type ReactElement, type ReactNode } from 'react'
import { logOut, type Person } from '../bank.ts'
import { texts } from '../language.ts'
import { usePath } from '../router.ts'
import { codeOf } from '../use-loaded.ts'
import { Link } from './link.tsx'
import { Problem } from './notice.tsx'

const PAGES = ['accounts', 'pay', 'sessions', 'flow'] as const

interface Properties {
  readonly person: Person | undefined
  readonly children: ReactNode
}

/** What is around every page of who is logged in. */
export function Shell({ person, children }: Properties): ReactElement {
  const [problem, setProblem] = useState<string>()
  const leave = async (): Promise<void> => {
    try {
      location.assign(await logOut())
    } catch (error) {
      setProblem(codeOf(error))
    }
  }
  return (
    <div className="shell">
      <a className="skip" href="#main">
        {texts.skip}
      </a>
      <header className="top">
        <div className="top-inner">
          <Link className="brand" href={person === undefined ? '/' : '/accounts'}>
            <span className="mark" aria-hidden="true" />
            <span>{texts.bank}</span>
          </Link>
          {person !== undefined && (
            <>
              <Navigation />
              <div className="person">
                <span className="name" title={texts.loggedInAs(person.name)}>
                  <span className="unseen">{texts.loggedInAs(person.name)}</span>
                  <span aria-hidden="true">{person.name}</span>
                </span>
                <button className="quiet-button" id="logout" type="button" onClick={leave}>
                  {texts.logOut}
                </button>
              </div>
            </>
          )}
        </div>
      </header>
      <div className="content">
        <Problem code={problem} />
        {children}
      </div>
      <footer className="imprint">
        <span>{texts.landing.example}</span> <span>{texts.poweredBy}</span>
      </footer>
    </div>
  )
}

function Navigation(): ReactElement {
  const path = usePath()
  return (
    <nav aria-label={texts.nav.label}>
      <ul>
        {PAGES.map((page) => (
          <li key={page}>
            <Link
              href={`/${page}`}
              id={page}
              aria-current={path === `/${page}` ? 'page' : undefined}
            >
              <span className={`icon icon-${page}`} aria-hidden="true" />
              {texts.nav[page]}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}
