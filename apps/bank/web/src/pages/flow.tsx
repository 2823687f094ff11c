import type { ReactElement } from 'react'
import type { Actor, Hop, Scene } from '../../../bff/flow.ts'
import { flow } from '../bank.ts'
import { clockOf, texts } from '../language.ts'
import { Loading, Problem } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { useLoaded } from '../use-loaded.ts'

const words = texts.flow
const ACTORS: readonly Actor[] = ['browser', 'app', 'server', 'api']
/** Of a lane, in units of the drawing. */
const WIDTH = 100

/** The messages since the login as a sequence diagram, with what was checked on arrival. */
export function FlowPage(): ReactElement {
  const { value, problem, again } = useLoaded(flow)
  return (
    <Page title={words.title} lead={words.lead} className="wide">
      <Problem code={problem} />
      {value === undefined && problem === undefined && <Loading />}
      {value !== undefined && (
        <>
          <div className="actions">
            <button className="button secondary" id="again" type="button" onClick={again}>
              {words.refresh}
            </button>
            <p className="note">
              {words.noSecrets} {!value.serverTold && words.serverSilent}
            </p>
          </div>
          {value.scenes.length === 0 && <p className="lead">{words.empty}</p>}
          <div className="diagram" id="diagram">
            <ul className="actors" aria-label={words.lanes}>
              {ACTORS.map((actor) => (
                <li key={actor} className={`actor-${actor}`}>
                  {words.actors[actor]}
                </li>
              ))}
            </ul>
            {value.scenes.map((scene) => (
              <SceneOf key={`${scene.at} ${scene.topic}`} scene={scene} />
            ))}
          </div>
        </>
      )}
    </Page>
  )
}

function SceneOf({ scene }: { readonly scene: Scene }): ReactElement {
  return (
    <section className="scene" data-topic={scene.topic}>
      <h2>
        {words.topics[scene.topic]}
        {scene.times > 1 && <span className="badge">{words.times(scene.times)}</span>}
        <time dateTime={new Date(scene.at).toISOString()}>{clockOf(scene.at)}</time>
      </h2>
      <ol>
        {scene.hops.map((hop, index) => (
          <HopOf key={`${hop.at} ${hop.what} ${index}`} hop={hop} />
        ))}
      </ol>
    </section>
  )
}

function HopOf({ hop }: { readonly hop: Hop }): ReactElement {
  const { what, from, to, status, refused, checks } = hop
  return (
    <li className={refused === undefined ? 'hop' : 'hop refused'} data-hop={what}>
      <Arrow hop={hop} />
      <div className="told">
        <p>
          <span className="unseen">{words.fromTo(words.actors[from], words.actors[to])}: </span>
          <strong aria-hidden="true">{words.actors[from]}</strong> {words.hops[what]}
          {status !== undefined && <span className="status"> {status}</span>}
        </p>
        {refused !== undefined && <Refused refused={refused} />}
        {refused === undefined && (
          <details>
            <summary>{words.checked(checks.length)}</summary>
            <ul className="checks">
              {checks.map((id) => (
                <li key={id}>
                  {words.checks[id] ?? id} <code>{id}</code>
                </li>
              ))}
            </ul>
          </details>
        )}
      </div>
    </li>
  )
}

function Refused({ refused }: { readonly refused: NonNullable<Hop['refused']> }): ReactElement {
  const { id, reason, expected, received } = refused
  return (
    <dl className="why">
      <div>
        <dt>{words.refused}</dt>
        <dd>
          {(id !== undefined && words.checks[id]) || reason}{' '}
          <code>{id === undefined ? reason : `${id} ${reason}`}</code>
        </dd>
      </div>
      {expected !== undefined && (
        <div>
          <dt>{words.expected}</dt>
          <dd>{expected}</dd>
        </div>
      )}
      {received !== undefined && (
        <div>
          <dt>{words.received}</dt>
          <dd>{received}</dd>
        </div>
      )}
    </dl>
  )
}

/** The lifelines, and the message across them. For the eyes only: the text beside it says the same. */
function Arrow({ hop: { from, to } }: { readonly hop: Hop }): ReactElement {
  const start = middleOf(from)
  const end = middleOf(to)
  const back = end > start ? -1 : 1
  const tip = end + back * 3
  return (
    <div className="lanes" aria-hidden="true">
      <svg className="arrow" viewBox={`0 0 ${ACTORS.length * WIDTH} 40`}>
        <circle className="origin" cx={start} cy="20" r="4" />
        <line className="message" x1={start} x2={tip} y1="20" y2="20" />
        <path className="tip" d={`M${tip + back * 9} 13L${tip} 20L${tip + back * 9} 27`} />
      </svg>
    </div>
  )
}

function middleOf(actor: Actor): number {
  return (ACTORS.indexOf(actor) + 0.5) * WIDTH
}
