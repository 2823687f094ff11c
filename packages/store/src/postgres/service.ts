import type { Lanes } from './lanes.ts'
import type { Answer, Ask, Statement } from './statement.ts'

const NUMBER: Statement = {
  name: 'services.number',
  text: `
    INSERT INTO signet.services (issuer) VALUES ($1)
    ON CONFLICT (issuer) DO UPDATE SET issuer = excluded.issuer RETURNING id`,
}

/** Statements in the name of one service, whose number is the first value of each. */
export interface Asking {
  readonly ask: Ask
  /** As `ask`, but rejects with what the server said: for those who have to know. */
  readonly send: Ask
}

export function askingFor(issuer: string, lanes: Lanes): Asking {
  let known: Promise<number> | undefined
  const find = async (): Promise<number> => {
    const { rows } = await lanes.ask(NUMBER, [issuer])
    return Number(rows[0]?.['id'])
  }
  const forget = (error: unknown): never => {
    known = undefined
    throw error
  }
  const number = (): Promise<number> => (known ??= find().catch(forget))
  return {
    ask: async (statement, ...values): Promise<Answer> =>
      lanes.ask(statement, [await number(), ...values]),
    send: async (statement, ...values): Promise<Answer> =>
      lanes.send(statement, [await number(), ...values]),
  }
}
