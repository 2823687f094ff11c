import type { BffEvent } from '@signet/bff'
import type { Seconds } from '@signet/protocol'
import { collectDefaultMetrics, Counter, Gauge, Registry } from '@prometheus-io/client'
import type { Metrics } from '../management/metrics.ts'

/** What a BFF counts. No label holds an id, a path or a person, so that the number of series does not grow with use. */
export interface BffMetrics extends Pick<Metrics, 'registry' | 'swept'> {
  /** Counts what happened. */
  readonly count: (event: BffEvent) => void
  /** Shows when the certificate of the client expires, for an alert in time. */
  readonly showExpiry: (at: Seconds) => void
}

/** @param activeSessions asked whenever somebody reads the metrics */
export function createBffMetrics(activeSessions: () => Promise<number>): BffMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const counter = <Label extends string>(name: string, label: Label, help: string) =>
    new Counter({ name: `signet_${name}_total`, help, labelNames: [label], registers })
  const counters = {
    logins: counter('bff_logins', 'result', 'Logins that ended: succeeded, or why not.'),
    logouts: counter('bff_logouts', 'cause', 'Sessions that were ended, by whom or what.'),
    refreshes: counter('bff_refreshes', 'result', 'Renewals of access tokens.'),
    proxied: counter(
      'bff_proxied_requests',
      'status',
      'Calls to APIs, by the class of the answer.',
    ),
    csrf: counter('bff_csrf_rejections', 'reason', 'Calls that no page of the app has made.'),
    validation: counter(
      'bff_validation_failures',
      'reason',
      'Tokens, sessions and paths that were not what they should be.',
    ),
  }
  const sessions = new Gauge({
    name: 'signet_bff_sessions_active',
    help: 'Sessions that are alive, of all processes on the store; NaN when it cannot be asked.',
    registers,
    async collect() {
      this.set(await activeSessions().catch(() => Number.NaN))
    },
  })
  sessions.set(0)
  return {
    registry,
    swept: counter('swept_rows', 'table', 'Rows of the store that had ended and were forgotten.'),
    count: (event) => count(event, counters),
    showExpiry: (at) =>
      new Gauge({
        name: 'signet_bff_client_certificate_expiry_timestamp_seconds',
        help: 'When the certificate of the client expires, in seconds since 1970.',
        registers,
      }).set(at),
  }
}

interface Counters {
  readonly logins: Counter<'result'>
  readonly logouts: Counter<'cause'>
  readonly refreshes: Counter<'result'>
  readonly proxied: Counter<'status'>
  readonly csrf: Counter<'reason'>
  readonly validation: Counter<'reason'>
}

/** Events that nothing counts are told by the log. */
type Counting = {
  readonly [Type in BffEvent['type']]:
    ((event: Extract<BffEvent, { readonly type: Type }>, counters: Counters) => void) | undefined
}

const COUNTING: Counting = {
  login_started: undefined,
  login_succeeded: (_, { logins }) => logins.inc({ result: 'succeeded' }),
  login_failed: ({ reason }, { logins }) => logins.inc({ result: reason }),
  logout: ({ cause, sessions }, { logouts }) => logouts.inc({ cause }, sessions),
  refresh: ({ result }, { refreshes }) => refreshes.inc({ result }),
  revocation_failed: undefined,
  proxied: ({ status }, { proxied }) => proxied.inc({ status: `${Math.floor(status / 100)}xx` }),
  csrf_rejected: ({ reason }, { csrf }) => csrf.inc({ reason }),
  validation_failed: ({ reason }, { validation }) =>
    validation.inc({ reason: reason.replaceAll(/\W+/g, '_') }),
  authority_unavailable: undefined,
  store_unavailable: undefined,
  fault: undefined,
}

function count<Type extends BffEvent['type']>(
  event: Extract<BffEvent, { readonly type: Type }>,
  counters: Counters,
): void {
  const counting: Counting[Type] = COUNTING[event.type]
  counting?.(event, counters)
}
