import type { Actor, Hop, HopKind } from './flow.ts'

interface Kind {
  readonly from: Actor
  readonly to: Actor
  /** What the receiver makes sure of before it goes on; ids of docs/requirements.md. */
  readonly checks: readonly string[]
}

const CLIENT = ['SP-AS-06', 'SP-AS-08']
const PROOF = ['DPOP-PRF-06', 'DPOP-PRF-09', 'DPOP-PRF-15']

/** Every kind of message, who sends it to whom, and what is checked on arrival. */
const KINDS: Readonly<Record<HopKind, Kind>> = {
  login_asked: { from: 'browser', to: 'app', checks: ['SP-CL-12', 'BFF-11'] },
  request_pushed: {
    from: 'app',
    to: 'server',
    checks: [...CLIENT, 'SP-AZ-05', 'OAU-11', ...PROOF, 'DPOP-JKT-01'],
  },
  sent_to_server: { from: 'browser', to: 'server', checks: ['SP-AZ-03', 'PAR-06', 'PAR-10'] },
  logged_in: { from: 'browser', to: 'server', checks: ['OIDC-10'] },
  sent_back: { from: 'server', to: 'browser', checks: ['PAR-13', 'SP-AZ-07', 'SP-AZ-10'] },
  code_returned: { from: 'browser', to: 'app', checks: ['ISS-03', 'ISS-04', 'BFF-11'] },
  code_exchanged: {
    from: 'app',
    to: 'server',
    checks: [...CLIENT, 'SP-AS-11', 'PKCE-04', ...PROOF, 'DPOP-JKT-01'],
  },
  session_opened: {
    from: 'app',
    to: 'browser',
    checks: ['OIDC-05', 'OIDC-06', 'OIDC-09', 'BFF-02', 'BFF-04'],
  },
  called: { from: 'browser', to: 'app', checks: ['BFF-06', 'BFF-07', 'BFF-09'] },
  token_refreshed: { from: 'app', to: 'server', checks: [...CLIENT, 'OAU-06', ...PROOF] },
  forwarded: {
    from: 'app',
    to: 'api',
    checks: [
      'SP-RS-01',
      'JAT-05',
      'SP-RS-03',
      'SP-RS-05',
      'DPOP-PRF-06',
      'DPOP-PRF-08',
      'DPOP-PRF-09',
      'DPOP-PRF-13',
      'DPOP-PRF-14',
      'DPOP-PRF-15',
      'SP-RS-04',
    ],
  },
  answered: { from: 'app', to: 'browser', checks: ['BFF-02'] },
  step_up_asked: { from: 'app', to: 'browser', checks: ['STEP-02'] },
  logout_asked: { from: 'browser', to: 'app', checks: ['BFF-06', 'BFF-07'] },
  token_revoked: { from: 'app', to: 'server', checks: [...CLIENT, 'REV-01', 'REV-03'] },
  ended_at_server: { from: 'browser', to: 'server', checks: ['LOG-02'] },
}

/** The ids of all checks there are, for the texts of the app. */
export const CHECKS: ReadonlySet<string> = new Set([
  ...Object.values(KINDS).flatMap(({ checks }) => checks),
  'STEP-01',
  'STEP-03',
])

/** A message of a kind. */
export function hop(
  what: HopKind,
  at: number,
  more: Partial<Pick<Hop, 'checks' | 'status' | 'refused'>> = {},
): Hop {
  const { from, to, checks } = KINDS[what]
  const { checks: further = [], ...rest } = more
  return { what, from, to, at, checks: [...checks, ...further], ...rest }
}
