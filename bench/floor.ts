import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto'
import type { Microseconds, Spending } from './contract.ts'
import { answerParent, cpu } from './parent.ts'

/**
 * The crypto floor: the verifications and signatures of a flow and nothing else, with node:crypto,
 * synchronous, keys imported once. No server on this machine can spend less.
 */
answerParent(async (ask) => {
  if (ask.ask === 'start') return { reply: 'started' }
  if (ask.ask !== 'spend') throw new Error(`the floor is not asked to ${ask.ask}`)
  return { reply: 'microseconds', microseconds: spend(ask.spending, ask.times) }
})

/** Bytes under a signature; a client assertion and a proof have about that many. */
const SIGNED_BYTES = 400

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const messages = Array.from({ length: 64 }, () => {
  const data = randomBytes(SIGNED_BYTES)
  return { data, signature: sign('sha256', data, privateKey) }
})

function spend({ verifies, signs }: Spending, times: number): Microseconds {
  const start = cpu()
  for (let time = 0; time < times; time++) {
    const message = messages[time % messages.length]
    if (message === undefined) throw new RangeError('no message')
    for (let count = 0; count < verifies; count++) {
      if (!verify('sha256', message.data, publicKey, message.signature)) throw new Error('forged')
    }
    for (let count = 0; count < signs; count++) sign('sha256', message.data, privateKey)
  }
  return cpu() - start
}
