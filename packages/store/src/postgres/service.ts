import type { Asked } from './lanes.ts'
import type { Answer, Ask, Statement } from './statement.ts'

// Changes nothing where the service is known, so that nobody waits for a transaction that has asked.
const NUMBER: Statement = {
  name: 'services.number',
  text: `
    WITH known AS (SELECT id FROM signet.services WHERE issuer = $1), made AS (
      INSERT INTO signet.services (issuer) SELECT $1 WHERE NOT EXISTS (SELECT FROM known)
      ON CONFLICT (issuer) DO UPDATE SET issuer = excluded.issuer RETURNING id
    )
    SELECT id FROM known UNION ALL SELECT id FROM made`,
}

/** The number that stands for an issuer in every row. */
export async function numberOf(issuer: string, lanes: Asked): Promise<number> {
  const { rows } = await lanes.ask(NUMBER, [issuer])
  return Number(rows[0]?.['id'])
}

/** Statements in the name of one service, whose number is the first value of each. */
export interface Asking {
  readonly ask: Ask
  /** As `ask`, but rejects with what the server said: for those who have to know. */
  readonly send: Ask
}

export function askingFor(issuer: string, lanes: Asked): Asking {
  let known: Promise<number> | undefined
  const forget = (error: unknown): never => {
    known = undefined
    throw error
  }
  const number = (): Promise<number> => (known ??= numberOf(issuer, lanes).catch(forget))
  return {
    ask: async (statement, ...values): Promise<Answer> =>
      lanes.ask(statement, [await number(), ...values]),
    send: async (statement, ...values): Promise<Answer> =>
      lanes.send(statement, [await number(), ...values]),
  }
}
