import { request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { text } from 'node:stream/consumers'
import type { RecordedCall } from '../api/calls.ts'
import type { Settings } from '../settings.ts'
import type { ServerStep } from './compose-flow.ts'
import type { Visit } from './trail.ts'

/** Milliseconds: looking behind the scenes must not keep anybody waiting. */
const PATIENCE = 2_000

/** What the API knows about these visits; whatever it does not answer is left out. */
export async function askApi(
  { api, authority }: Settings,
  visits: readonly Visit[],
): Promise<ReadonlyMap<string, RecordedCall>> {
  const ids = visits.flatMap(({ interactionId }) => interactionId ?? [])
  const answers = await Promise.all(
    ids.map(async (id) => {
      const call = await askJson<RecordedCall>(new URL(`/dev/calls/${id}`, api), authority)
      return call === undefined ? [] : [[id, call] as const]
    }),
  )
  return new Map(answers.flat())
}

/** What the authorization server did for this client since then; undefined when it does not tell. */
export async function askServer(
  { management, clientId }: Settings,
  since: number,
): Promise<readonly ServerStep[] | undefined> {
  const url = new URL('/dev/events', management)
  url.search = new URLSearchParams({ client_id: clientId, since: String(since) }).toString()
  return (await askJson<{ readonly events: readonly ServerStep[] }>(url))?.events
}

/** What is asked is our own, and answers what it says here or nothing. */
function askJson<Answer>(url: URL, ca?: string): Promise<Answer | undefined> {
  const { promise, resolve } = Promise.withResolvers<Answer | undefined>()
  const options = { signal: AbortSignal.timeout(PATIENCE), ...(ca !== undefined && { ca }) }
  const asking = (url.protocol === 'https:' ? tlsRequest : plainRequest)(url, options, (answer) => {
    const body = answer.statusCode === 200 ? text(answer) : Promise.reject(new Error('no answer'))
    if (answer.statusCode !== 200) answer.resume()
    body.then((json) => resolve(JSON.parse(json))).catch(() => resolve(undefined))
  })
  asking.on('error', () => resolve(undefined)).end()
  return promise
}
