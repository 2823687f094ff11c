import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boundTo, type Confirmation } from './binding.ts'

test('SP-RS-05 a token bound to a key works for the sender who proved that key', () => {
  assert.ok(boundTo({ jkt: 'a' }, { jkt: 'a' }))
  assert.ok(boundTo({ 'x5t#S256': 'c' }, { certificateThumbprint: 'c' }))
})

test('SP-RS-05 a token bound to a key works for nobody else', () => {
  assert.ok(!boundTo({ jkt: 'a' }, {}))
  assert.ok(!boundTo({ jkt: 'a' }, { jkt: 'b' }))
  assert.ok(!boundTo({ jkt: 'a' }, { certificateThumbprint: 'a' }))
  assert.ok(!boundTo({ 'x5t#S256': 'c' }, {}))
  assert.ok(!boundTo({ 'x5t#S256': 'c' }, { jkt: 'c' }))
  assert.ok(!boundTo({ 'x5t#S256': 'c' }, { certificateThumbprint: 'd' }))
})

test('SP-RS-05 a confirmation with two keys needs both', () => {
  const both: Confirmation = { jkt: 'a', 'x5t#S256': 'c' }
  assert.ok(boundTo(both, { jkt: 'a', certificateThumbprint: 'c' }))
  assert.ok(!boundTo(both, { jkt: 'a' }))
  assert.ok(!boundTo(both, { certificateThumbprint: 'c' }))
})

test('SP-RS-05 a confirmation of a kind we do not know binds nobody', () => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a token of a foreign issuer can say anything
  const foreign = { 'x5t#S512': 'c' } as unknown as Confirmation
  assert.ok(!boundTo(foreign, {}))
  assert.ok(!boundTo(foreign, { jkt: 'a', certificateThumbprint: 'c' }))
})
