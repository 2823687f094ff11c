import { proveRule } from '@signet/protocol/testing'
import type { Interaction } from '../store/ephemeral.ts'
import { visitRules, type Visit } from './interaction.rules.ts'
import { parameters } from './testing/scene.ts'

const interaction: Interaction = {
  digest: 'i',
  pushedRequest: 'p',
  browser: 'b',
  startedAt: 1_000,
  expiresAt: 1_600,
}

const good: Visit = {
  interaction,
  pushed: { digest: 'p', clientId: 'app', parameters, expiresAt: 1_090, keptUntil: 1_690 },
  browser: 'b',
  now: 1_599,
}

proveRule(visitRules, 'SP-AZ-12', {
  good,
  refuses: {
    'an id that no interaction has': { ...good, interaction: undefined },
    'an interaction in the second it expires': { ...good, now: 1_600 },
  },
})

proveRule(visitRules, 'SP-SEC-05', {
  good,
  refuses: {
    'a browser without the cookie': { ...good, browser: undefined },
    'another browser': { ...good, browser: 'c' },
  },
})

proveRule(visitRules, 'SP-AZ-15', {
  good,
  refuses: { 'a request that has its answer': { ...good, pushed: undefined } },
})
