import type { ReactElement } from 'react'
import { whoIsThere, type Person } from './bank.ts'
import { texts } from './language.ts'
import { Accounts } from './pages/accounts.tsx'
import { FlowPage } from './pages/flow.tsx'
import { Landing } from './pages/landing.tsx'
import { Pay } from './pages/pay.tsx'
import { Sessions } from './pages/sessions.tsx'
import { Link } from './parts/link.tsx'
import { Loading, Problem } from './parts/notice.tsx'
import { Page } from './parts/page.tsx'
import { Shell } from './parts/shell.tsx'
import { usePath } from './router.ts'
import { useLoaded } from './use-loaded.ts'

/** The app: who is there decides what is shown. */
export function App(): ReactElement {
  const path = usePath()
  const { value, problem } = useLoaded(who)
  if (path === '/login-failed') return <Landing failure={failureOf(location.search)} />
  if (value === undefined) {
    return problem === undefined ? (
      <Loading />
    ) : (
      <Shell person={undefined}>
        <Problem code={problem} />
      </Shell>
    )
  }
  // What happened until the logout may be looked at afterwards.
  if (value.person === undefined && path !== '/flow') return <Landing />
  return <Shell person={value.person}>{pageOf(path, value.person)}</Shell>
}

/** In an object, because nobody being there is an answer too. */
async function who(): Promise<{ readonly person: Person | undefined }> {
  return { person: await whoIsThere() }
}

function failureOf(search: string): string {
  return new URLSearchParams(search).get('error') ?? 'other'
}

function pageOf(path: string, person: Person | undefined): ReactElement {
  if (path === '/flow' || person === undefined) return <FlowPage />
  switch (path) {
    case '/':
    case '/accounts':
      return <Accounts person={person} />
    case '/pay':
      return <Pay />
    case '/sessions':
      return <Sessions />
    default:
      return (
        <Page title={texts.notFound}>
          <Link href="/accounts">{texts.home}</Link>
        </Page>
      )
  }
}
