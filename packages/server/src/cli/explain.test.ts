import type { AuditEvent } from '@signet/engine'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explanation } from './explain.ts'

const EVENT: AuditEvent = {
  id: 'Zm9v',
  at: 1_800_000_000_123,
  kind: 'refused',
  step: 'push',
  clientId: 'app',
  refusal: {
    error: 'invalid_dpop_proof',
    description: 'htu of the DPoP proof is not the URL of this endpoint',
  },
  evidence: {
    id: 'DPOP-PRF-09',
    reason: 'dpop_htu',
    expected: 'htu https://as.example/par',
    received: 'htu "https://internal/par"',
    remedy: 'Make the proof for the URL in the metadata of this server.',
  },
}

test('an event is explained in lines that say what, when, who, why and what to do', () => {
  assert.deepEqual(explanation(EVENT).split('\n'), [
    'Event     Zm9v',
    'When      2027-01-15T08:00:00.123Z (the clock of this server)',
    'What      refused at push',
    'Client    app',
    'Answer    invalid_dpop_proof: htu of the DPoP proof is not the URL of this endpoint',
    'Rule      DPOP-PRF-09 (docs/requirements.md), reason dpop_htu',
    'Expected  htu https://as.example/par',
    'Received  htu "https://internal/par"',
    'Remedy    Make the proof for the URL in the metadata of this server.',
  ])
})

test('an event without client, refusal and evidence is explained without empty lines', () => {
  const { id, at } = EVENT
  assert.deepEqual(
    explanation({ id, at, kind: 'login', step: 'authenticated', subject: 'alice' }).split('\n'),
    [
      'Event     Zm9v',
      'When      2027-01-15T08:00:00.123Z (the clock of this server)',
      'What      login at authenticated',
      'User      alice',
    ],
  )
})

test('an event that somebody wrote into the database does not write to the terminal', () => {
  const lines = explanation({ ...EVENT, at: 1e300, clientId: 'app\u{1B}]0;owned\u{7}\nBy root' })
  assert.doesNotMatch(lines, /[^\P{C}\n]/u)
  assert.match(lines, /^Client {4}app\uFFFD]0;owned\uFFFD\uFFFDBy root$/m)
})

test('an administrative event says who changed what', () => {
  const event = { id: 'Zm9v', at: EVENT.at, kind: 'administered', step: 'client-add' } as const
  const lines = explanation({ ...event, clientId: 'app', by: 'root', detail: 'replaced' }).split(
    '\n',
  )
  assert.deepEqual(lines.slice(2), [
    'What      administered at client-add',
    'Client    app',
    'By        root',
    'Change    replaced',
  ])
})
