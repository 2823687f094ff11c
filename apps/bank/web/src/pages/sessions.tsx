import { useState, type ReactElement } from 'react'
import { endSessions, sessions, type SessionInfo } from '../bank.ts'
import { browserName } from '../browser-name.ts'
import { momentOf, texts } from '../language.ts'
import { Loading, Problem } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { codeOf, useLoaded } from '../use-loaded.ts'

const words = texts.sessions

/** Where the person is logged in, and how to end it. */
export function Sessions(): ReactElement {
  const { value, problem, again } = useLoaded(sessions)
  const [failed, setFailed] = useState<string>()
  const [said, setSaid] = useState('')
  const end = async (session?: SessionInfo): Promise<void> => {
    try {
      await endSessions(session?.id)
      if (session?.current === true) return location.assign('/')
      setSaid(words.ended)
      again()
    } catch (error) {
      setFailed(codeOf(error))
    }
  }
  const others = value?.filter(({ current }) => !current) ?? []
  return (
    <Page title={words.title} lead={words.lead}>
      <Problem code={failed ?? problem} />
      {value === undefined && problem === undefined && <Loading />}
      <ul className="devices" id="session-list">
        {value
          ?.toSorted((one, other) => Number(other.current) - Number(one.current))
          .map((session) => (
            <Device key={session.id} session={session} onEnd={() => void end(session)} />
          ))}
      </ul>
      <p className="note" role="status">
        {said}
        {value !== undefined && others.length === 0 && ` ${words.alone}`}
      </p>
      {others.length > 0 && (
        <div className="actions">
          <button
            className="button secondary"
            id="end-others"
            type="button"
            onClick={() => void end()}
          >
            {words.endOthers}
          </button>
        </div>
      )}
    </Page>
  )
}

interface DeviceProperties {
  readonly session: SessionInfo
  readonly onEnd: () => void
}

function Device({ session, onEnd }: DeviceProperties): ReactElement {
  const name = browserName(session.userAgent) ?? words.unknown
  return (
    <li className="device" data-current={session.current}>
      <span className="who">
        <span className="counterparty">
          {name} {session.current && <span className="badge">{words.current}</span>}
        </span>
        <span className="what">
          {words.since(momentOf(session.createdAt))}
          {' · '}
          {words.seen(momentOf(session.lastSeenAt))}
        </span>
      </span>
      <button
        className="quiet-button"
        type="button"
        onClick={onEnd}
        aria-label={words.endNamed(name)}
      >
        {words.end}
      </button>
    </li>
  )
}
