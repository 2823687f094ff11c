import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { Frames, GOING_AWAY } from './frames.ts'

const payload = (length: number): Buffer => Buffer.alloc(length, 0x81)
const FRAMES: Readonly<Record<string, Buffer>> = {
  'an empty one': Buffer.from([0x89, 0]),
  'a short one': Buffer.concat([Buffer.from([0x81, 125]), payload(125)]),
  'a longer one': Buffer.concat([Buffer.from([0x82, 126, 1, 2]), payload(258)]),
  'a long one': Buffer.concat([Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 1, 0, 1]), payload(65_537)]),
  'a masked one': Buffer.concat([Buffer.from([0x81, 0x83, 1, 2, 3, 4]), payload(3)]),
  'one that ends all': GOING_AWAY,
}

for (const [title, frame] of Object.entries(FRAMES)) {
  test(`of frames, ${title} is whole at its last byte and not before, in pieces of any size`, () => {
    for (const size of [1, 2, 3, 7, 1000, frame.length]) {
      const frames = new Frames()
      for (let at = 0; at < frame.length; at += size) {
        frames.pass(frame.subarray(at, at + size))
        assert.equal(frames.areWhole, at + size >= frame.length, `${at} of ${frame.length}`)
      }
    }
  })
}

test('several frames may come at once, and the last one in part', () => {
  const frames = new Frames()
  const all = Buffer.concat(Object.values(FRAMES))
  frames.pass(all)
  assert.equal(frames.areWhole, true)
  frames.pass(Buffer.concat([all, Buffer.from([0x81])]))
  assert.equal(frames.areWhole, false)
})
